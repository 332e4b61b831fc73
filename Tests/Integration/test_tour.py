"""The README's five-minute tour does what it says, with psql and with psycopg 3.

The tour is what stands between `<!-- tour:start -->` and `<!-- tour:end -->`. Its `sql` blocks are
typed into a client; its `sh` blocks, and the `$ ` lines of its `console` blocks, go to bash. The
server is this test's own, so the default ports in the text stand for the real ones, which are
also in STREAMHOUSE_PG and STREAMHOUSE_KAFKA. Blocks of other kinds are for the reader only.
"""

import os
import re
import subprocess

import pytest

from streamhouse import BINARY, CLIENT_SECONDS, REPOSITORY, clean_environment

TOUR = re.compile(r"<!-- tour:start -->(.*?)<!-- tour:end -->", re.DOTALL)

BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)

STATEMENT_END = re.compile(r";[ \t]*(?:--[^\n]*)?$", re.MULTILINE)


def blocks():
    """(language, text) of each fenced block of the tour."""
    tour = TOUR.search((REPOSITORY / "README.md").read_text())
    assert tour, "README.md has no tour between its two marks"
    return BLOCK.findall(tour[1])


def commands(language, text):
    """What of a block is typed into a shell; console blocks show answers too."""
    if language == "sh":
        return text
    return "\n".join(line[2:] for line in text.splitlines() if line.startswith("$ "))


def with_real_ports(server, text):
    """The text with this test's server and binary in the place of the default ones."""
    ports = {"5433": server.pg_port, "9092": server.kafka_port, "8080": server.http_port}
    text = re.sub(r"\b(?:5433|9092|8080)\b", lambda found: str(ports[found[0]]), text)
    return text.replace(".build/release/streamhouse", str(BINARY))


def run_shell(server, text):
    """Runs commands at the repository's root; the first that fails ends the tour."""
    environment = {**clean_environment(), "STREAMHOUSE_PG": f"{server.host}:{server.pg_port}",
                   "STREAMHOUSE_KAFKA": server.kafka, "PAGER": "cat", "PSQLRC": os.devnull}
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", with_real_ports(server, text)],
                          cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=CLIENT_SECONDS)
    assert done.returncode == 0, f"{text}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"


def statements(text):
    """The statements of a block, split at semicolons that end a line; psql's own commands are
    not among them."""
    lines = [line for line in text.splitlines() if not line.startswith("\\")]
    parts = STATEMENT_END.split("\n".join(lines))
    return [part.strip() for part in parts if re.sub(r"--.*", "", part).strip()]


CLIENTS = {
    "psql": None,
    "psycopg text": {},
    "psycopg binary": {"binary": True},
    "psycopg prepared": {"prepare": True},
}


@pytest.mark.parametrize("options", CLIENTS.values(), ids=CLIENTS.keys())
def test_the_tour_runs_as_it_is_written(fresh, options):
    """psycopg keeps one connection for the whole tour; psql has one for each block."""
    steps = 0
    with fresh.connect() as connection:
        for language, text in blocks():
            if language == "sql" and options is None:
                fresh.psql(script=text)
            elif language == "sql":
                run_statements(connection, text, options)
            elif language in ("sh", "console"):
                run_shell(fresh, commands(language, text))
            else:
                continue
            steps += 1
    assert steps >= 3, "a tour of fewer than three steps is none"


def run_statements(connection, text, options):
    for statement in statements(text):
        cursor = connection.execute(statement, **options)
        if cursor.description:
            cursor.fetchall()
