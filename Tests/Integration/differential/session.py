"""A connection that gives results as text, errors as values, and never waits for ever."""

import select
import time
from dataclasses import dataclass

import psycopg
from psycopg import pq

SECONDS = 20
"""The longest that one statement may take."""


class Lost(Exception):
    """The server ended the connection."""


class Stuck(Exception):
    """A statement had no answer in time."""


@dataclass(frozen=True)
class Result:
    """What a statement came to; `state` is the SQLSTATE of its error, or None."""

    state: str | None
    message: str
    count: int | None
    names: tuple
    types: tuple
    rows: list


class Session:
    """One connection; statements go by the simple protocol."""

    def __init__(self, conninfo):
        self.wire = pq.PGconn.connect(conninfo.encode())
        if self.wire.status != pq.ConnStatus.OK:
            raise Lost(self.wire.error_message.decode())

    def execute(self, sql, seconds=SECONDS):
        """The Result of one statement."""
        try:
            self.wire.send_query(sql.encode())
            return result_of(self._answers(sql, time.monotonic() + seconds))
        except psycopg.OperationalError as error:
            raise Lost(str(error)) from error

    def close(self):
        self.wire.finish()

    def _answers(self, sql, end):
        answers = []
        while True:
            while self.wire.is_busy():
                readable, _, _ = select.select([self.wire.socket], [], [],
                                               max(end - time.monotonic(), 0))
                if not readable:
                    raise Stuck(f"no answer: {sql}")
                self.wire.consume_input()
            answer = self.wire.get_result()
            if answer is None:
                break
            answers.append(answer)
        if self.wire.status != pq.ConnStatus.OK:
            raise Lost(self.wire.error_message.decode())
        return answers[0]


def result_of(answer):
    """The Result that a libpq result stands for."""
    field = answer.error_field(pq.DiagnosticField.SQLSTATE)
    if field is not None:
        message = answer.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b""
        return Result(field.decode(), message.decode(), None, (), (), [])
    columns = range(answer.nfields)
    rows = [tuple(None if (value := answer.get_value(row, column)) is None else value.decode()
                  for column in columns) for row in range(answer.ntuples)]
    return Result(None, "", answer.command_tuples,
                  tuple(answer.fname(column).decode() for column in columns),
                  tuple(answer.ftype(column) for column in columns), rows)
