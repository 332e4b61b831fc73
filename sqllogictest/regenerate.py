#!/usr/bin/env python3
"""Fills in the expected results of the .slt files from a real PostgreSQL.

    python3 sqllogictest/regenerate.py [--check] [--postgres-bin DIR] [FILES...]

Starts a PostgreSQL of its own in a temporary directory, on a Unix socket, runs every file in it and
rewrites types, rows and SQLSTATEs in place; stops it and removes the directory. With --check
nothing is written: a difference is printed and fails the run. Needs only Python 3, libpq and the
PostgreSQL 15 server programs. README.md describes the format.

PostgreSQL has neither views that keep themselves fresh nor TUMBLE, so
- CREATE MATERIALIZED VIEW becomes CREATE VIEW (always fresh), and
- TUMBLE(t, c, size) becomes a subquery over t with date_bin; records that have it are computed in
  spite of their `skipif postgres`. What else says `skipif postgres` is left as it is.

Each file is also run as the runner does in mode `before`, with plain views in a second database: its
answers must be the same, which shows that every query not marked `skipif views` can be a view that
is made before the data. After each statement every view must have an answer.
"""

import argparse
import ctypes
import ctypes.util
import difflib
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TYPE_LETTERS = {
    16: "B", 21: "S", 23: "I", 20: "L", 701: "F", 1700: "N", 25: "T", 1114: "P", 1186: "V",
}
SORTS = ("nosort", "rowsort", "valuesort")
TARGETS = ("adhoc", "views", "postgres")
TUMBLE = re.compile(
    r"\bTUMBLE\s*\(\s*(\w+)\s*,\s*(\w+)\s*,\s*(INTERVAL\s+'[^']*')\s*\)(\s+AS\s+\w+)?", re.I)
MATERIALIZED = re.compile(r"^(\s*(?:CREATE|DROP)\s+)MATERIALIZED\s+(VIEW\b)", re.I)
HOISTED = re.compile(r"^\s*CREATE\s+(TABLE|VIEW|MATERIALIZED\s+VIEW)\b", re.I)


class Failure(Exception):
    """A problem with a file, told to its author."""


# Connections


class Connection:
    """A libpq connection; values come as text."""

    def __init__(self, conninfo):
        library = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
        for name, result, arguments in (
            ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]),
            ("PQstatus", ctypes.c_int, [ctypes.c_void_p]),
            ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]),
            ("PQexec", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
            ("PQresultStatus", ctypes.c_int, [ctypes.c_void_p]),
            ("PQresultErrorField", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int]),
            ("PQntuples", ctypes.c_int, [ctypes.c_void_p]),
            ("PQnfields", ctypes.c_int, [ctypes.c_void_p]),
            ("PQftype", ctypes.c_uint, [ctypes.c_void_p, ctypes.c_int]),
            ("PQgetisnull", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
            ("PQgetvalue", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
            ("PQclear", None, [ctypes.c_void_p]),
            ("PQfinish", None, [ctypes.c_void_p]),
        ):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self.library = library
        self.handle = library.PQconnectdb(conninfo.encode())
        if library.PQstatus(self.handle) != 0:
            raise Failure(library.PQerrorMessage(self.handle).decode().strip())

    def execute(self, sql):
        """(sqlstate, message, types, rows); sqlstate is None when the statement succeeded."""
        library = self.library
        result = library.PQexec(self.handle, sql.encode())
        try:
            status = library.PQresultStatus(result)
            if status in (0, 1):  # empty query, command
                return None, "", [], []
            if status != 2:
                state = library.PQresultErrorField(result, ord("C")) or b"?????"
                message = library.PQresultErrorField(result, ord("M")) or b""
                return state.decode(), message.decode(), [], []
            columns = range(library.PQnfields(result))
            types = [library.PQftype(result, column) for column in columns]
            rows = [
                [
                    None if library.PQgetisnull(result, row, column)
                    else library.PQgetvalue(result, row, column).decode()
                    for column in columns
                ]
                for row in range(library.PQntuples(result))
            ]
            return None, "", types, rows
        finally:
            library.PQclear(result)

    def close(self):
        self.library.PQfinish(self.handle)


class Server:
    """A PostgreSQL in a temporary directory, reachable through a Unix socket there."""

    def __init__(self, programs):
        self.programs = programs
        self.root = tempfile.mkdtemp(prefix="streamhouse-slt-")
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.root, self.user)
        try:
            self.run("initdb", "--locale=C", "-E", "UTF8", "-A", "trust", "-U", "streamhouse",
                     "-D", f"{self.root}/data")
            options = (f"-c listen_addresses= -c unix_socket_directories={self.root} -c fsync=off "
                       "-c timezone=UTC -c port=54329")
            self.run("pg_ctl", "-D", f"{self.root}/data", "-l", f"{self.root}/log", "-w",
                     "-o", options, "start")
            self.run("createdb", "-h", self.root, "-p", "54329", "-U", "streamhouse", "adhoc")
            self.run("createdb", "-h", self.root, "-p", "54329", "-U", "streamhouse", "views")
        except BaseException:
            self.stop()
            raise

    def run(self, program, *arguments):
        command = [f"{self.programs}/{program}", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        # The server keeps what it inherits open, so its output must not be a pipe.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/")
            if done.returncode != 0:
                output.seek(0)
                raise Failure(f"{program} failed:\n{output.read().decode()}")

    def connect(self, database):
        return Connection(
            f"host={self.root} port=54329 user=streamhouse dbname={database} "
            "client_encoding=UTF8 options='-c client_min_messages=error'")

    def stop(self):
        if os.path.exists(f"{self.root}/data/postmaster.pid"):
            self.run("pg_ctl", "-D", f"{self.root}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.root, ignore_errors=True)


# Files


class Record:
    """A record and the lines it takes in its file, counted from 0."""

    def __init__(self, header):
        self.header = header
        self.conditions = []
        self.words = []
        self.sql = ""
        self.results = None  # (first line, line after the last)

    @property
    def kind(self):
        return self.words[0]

    def runs_on(self, targets):
        return all((target in targets) == wanted for wanted, target in self.conditions)


def parse(path, lines):
    records, conditions, index = [], [], 0
    while index < len(lines):
        line = lines[index].rstrip()
        if not line or line.startswith("#"):
            index += 1
            continue

        def fail(message):
            raise Failure(f"{path}:{index + 1}: {message}")

        words = line.split()
        if words[0] in ("skipif", "onlyif"):
            if len(words) < 4 or words[1] not in TARGETS or words[2] != "#":
                fail(f"expected `{words[0]} adhoc|views|postgres # reason`")
            conditions.append((words[0] == "onlyif", words[1]))
            index += 1
            continue
        record = Record(index)
        record.conditions, conditions = conditions, []
        record.words = words
        records.append(record)
        if words[0] == "halt":
            index += 1
            continue
        if words[0] == "statement":
            if words[1:] != ["ok"] and (len(words) != 3 or words[1] != "error"):
                fail("expected `statement ok` or `statement error SQLSTATE`")
        elif words[0] != "query" or not 3 <= len(words) <= 4 or words[2] not in SORTS:
            fail("expected `query TYPES nosort|rowsort|valuesort [label]`")
        first = index + 1
        index = first
        while index < len(lines) and lines[index].strip() and lines[index] != "----":
            index += 1
        record.sql = "\n".join(lines[first:index])
        if not record.sql:
            fail("a record without SQL")
        record.results = (index, index)
        if words[0] == "query" and index < len(lines) and lines[index] == "----":
            first = index
            while index < len(lines) and lines[index]:
                index += 1
            record.results = (first, index)
    return records


def for_postgres(sql):
    """The statement as PostgreSQL can run it."""
    def bins(match):
        table, column, size, alias = match.groups()
        start = f"date_bin({size}, {column}, timestamp '1970-01-01')"
        return (f"(SELECT *, {start} AS window_start, {start} + {size} AS window_end "
                f"FROM {table}){alias or ' AS tumble'}")

    return TUMBLE.sub(bins, MATERIALIZED.sub(r"\1\2", sql))


def is_computed(record, mode):
    """Whether PostgreSQL can answer a record, be it in the place of what it stands in for."""
    targets = {mode} if TUMBLE.search(record.sql) else {mode, "postgres"}
    return record.runs_on(targets)


def until_halt(records, mode):
    for record in records:
        if record.kind == "halt" and record.runs_on({mode, "postgres"}):
            return
        if record.kind != "halt":
            yield record


# Results


def text_of(value):
    if value is None:
        return "NULL"
    if value == "":
        return "(empty)"
    return value.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def lines_of(rows, sort):
    values = [[text_of(value) for value in row] for row in rows]
    if sort == "valuesort":
        return sorted((value for row in values for value in row), key=str.encode)
    result = ["\t".join(row) for row in values]
    return sorted(result, key=str.encode) if sort == "rowsort" else result


def answer(connection, record, path):
    """The record's header line and result lines, as PostgreSQL gives them."""
    state, message, types, rows = connection.execute(for_postgres(record.sql))
    place = f"{path}:{record.header + 1}"
    if record.words[:2] == ["statement", "ok"]:
        if state:
            raise Failure(f"{place}: {state} {message}")
        return "statement ok", []
    if record.kind == "statement":
        if not state:
            raise Failure(f"{place}: succeeded, expected an error")
        return f"statement error {state}", []
    if state:
        raise Failure(f"{place}: {state} {message}")
    letters = "".join(TYPE_LETTERS.get(oid, "?") for oid in types)
    header = " ".join(["query", letters, *record.words[2:]])
    return header, ["----", *lines_of(rows, record.words[2])]


def regenerated(server, path, lines):
    """The file's lines with PostgreSQL's answers in them."""
    connection = server.connect("adhoc")
    result, done = [], 0
    try:
        for record in until_halt(parse(path, lines), "adhoc"):
            if not is_computed(record, "adhoc"):
                continue
            header, answers = answer(connection, record, path)
            first, last = record.results
            result += lines[done:record.header] + [header] + lines[record.header + 1:first]
            result += answers if record.kind == "query" else lines[first:last]
            done = last
    finally:
        connection.close()
    return result + lines[done:]


def unanswered_views(connection, names, path, after):
    """The views that fail with the rows that are there after a statement."""
    failures = []
    for query, name in names.items():
        state, message, _, _ = connection.execute(f"SELECT * FROM {name}")
        # Within a failed transaction nothing can be read.
        if state not in (None, "25P02"):
            failures.append(f"{path}:{query.header + 1}: its view fails after line "
                            f"{after.header + 1}: {state} {message}")
    return failures


def check_as_views(server, path, lines):
    """Runs the file with its queries made into views first, as the runner's mode `before` does."""
    connection = server.connect("views")
    records = [r for r in until_halt(parse(path, lines), "views") if is_computed(r, "views")]
    failures = []
    try:
        hoisted = [r for r in records if r.words[:2] == ["statement", "ok"]
                   and HOISTED.match(r.sql)]
        queries = [r for r in records if r.kind == "query"]
        names = {r: f"lt_{path.stem}_{n + 1}" for n, r in enumerate(queries)}
        definitions = [(r, r.sql) for r in hoisted]
        definitions += [(r, f"CREATE VIEW {names[r]} AS {r.sql}") for r in queries]
        for record, sql in definitions:
            state, message, _, _ = connection.execute(for_postgres(sql))
            if state:
                failures.append(f"{path}:{record.header + 1}: as a view: {state} {message}")
        for record in (r for r in records if r not in hoisted):
            sql = f"SELECT * FROM {names[record]}" if record in names else record.sql
            state, message, types, rows = connection.execute(for_postgres(sql))
            expected = record.words[2] if record.words[:2] == ["statement", "error"] else None
            if state != expected:
                failures.append(
                    f"{path}:{record.header + 1}: in mode views: {state} {message}")
            if record.words[:2] == ["statement", "ok"]:
                failures += unanswered_views(connection, names, path, record)
            if record.kind != "query":
                continue
            first, last = record.results
            sort = "valuesort" if record.words[2] == "valuesort" else "rowsort"
            if sorted(lines[first + 1:last], key=str.encode) != lines_of(rows, sort):
                failures.append(f"{path}:{record.header + 1}: another answer in mode views")
    finally:
        connection.close()
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare")
    parser.add_argument("--postgres-bin", default="/usr/lib/postgresql/15/bin", metavar="DIR")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    files = arguments.files or sorted(HERE.rglob("*.slt"))
    stems = [path.stem for path in sorted(HERE.rglob("*.slt"))]
    failures = [f"two files are named {s}.slt" for s in sorted(set(stems)) if stems.count(s) > 1]
    changed = count = 0
    server = Server(arguments.postgres_bin)
    try:
        for path in files:
            before = path.read_text(encoding="utf-8").split("\n")
            try:
                after = regenerated(server, path, before)
                failures += check_as_views(server, path, after)
            except Failure as failure:
                failures.append(str(failure))
                continue
            count += sum(record.kind != "halt" for record in parse(path, after))
            if after == before:
                continue
            changed += 1
            if arguments.check:
                difference = difflib.unified_diff(
                    before, after, str(path), "PostgreSQL", n=1, lineterm="")
                print("\n".join(difference))
            else:
                path.write_text("\n".join(after), encoding="utf-8")
    finally:
        server.stop()
    for failure in failures:
        print(failure)
    verb = "differ" if arguments.check else "changed"
    print(f"{len(files)} files, {count} records: {changed} {verb}, {len(failures)} failures")
    return 1 if failures or (arguments.check and changed) else 0


if __name__ == "__main__":
    sys.exit(main())
