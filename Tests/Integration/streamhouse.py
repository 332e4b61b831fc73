"""One Streamhouse process under test, and the real clients pointed at it.

A server is a process of its own on a data directory of its own, on ports the kernel chose. Its
stdout is read line by line, because the ready line must be all there is on it; its stderr goes to
a file that is shown when a test fails. Every wait is for a condition and has a deadline.
"""

import atexit
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(
    os.environ.get("STREAMHOUSE_BINARY", REPOSITORY / ".build/release/streamhouse")).absolute()

READY_LINE = re.compile(r"^ready pg=(\S+):(\d+) kafka=(\S+):(\d+) http=(\S+):(\d+)$")

START_SECONDS = 60
"""Includes the recovery of what a killed process left; a plain start takes milliseconds."""

STOP_SECONDS = 5
"""What the command promises for SIGTERM and SIGINT."""

CLIENT_SECONDS = 120
"""The longest any client program may run before a test calls it stuck."""

STDERR_TAIL_BYTES = 16 * 1024


class StartFailure(Exception):
    """The process ended, or said nothing in time, instead of printing its ready line."""


def wait_until(condition, deadline=30.0, what="the condition"):
    """The first true value of `condition()`; an AssertionError naming `what` after `deadline` s.

    The pause between two looks grows from 1 ms to 50 ms: short waits stay short, long ones cheap.
    """
    end = time.monotonic() + deadline
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"{what} did not hold within {deadline} s; last: {value!r}")
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def checkpointed(server):
    """Waits until everything so far is in a checkpoint: two more have begun and ended. Needs a table
    tick (n int)."""
    def count():
        return float(re.search(r"^streamhouse_checkpoints_total (\S+)$", server.http("/metrics")[2],
                               re.MULTILINE)[1])

    for _ in range(2):
        before = count()
        server.sql("INSERT INTO tick VALUES (1)")
        wait_until(lambda: count() > before, what="a checkpoint")


def restart(server, how):
    """`how`: kill, or stop."""
    if how == "kill":
        server.kill9()
        server.restart()
    else:
        server.stop()
        server.restart()


def clean_environment():
    """This process's environment without what would configure a server or a libpq client."""
    names = ("STREAMHOUSE_", "PG", "KCAT_")
    return {k: v for k, v in os.environ.items() if not k.startswith(names)}


def run_command(*arguments, env=None, timeout=30, **options):
    """Runs the binary to its end, whatever that is, and returns the CompletedProcess (text)."""
    return subprocess.run(
        [require_binary(), *map(str, arguments)], env={**clean_environment(), **(env or {})},
        capture_output=True, text=True, timeout=timeout, **options)


def require_binary():
    """The path of the binary, or an error that says how to make one."""
    if not BINARY.exists():
        raise FileNotFoundError(f"{BINARY} is missing: `make build` makes it")
    return str(BINARY)


class Streamhouse:
    """A server that can be started, stopped, killed and started again on the same directory."""

    _live = set()

    def __init__(self, directory, arguments=(), env=None, command_line=None):
        """Nothing runs yet. `directory` gets `data/` and `stderr.log`.

        `command_line` replaces all flags, for tests that configure the server otherwise.
        """
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data_directory = self.directory / "data"
        self.stderr_path = self.directory / "stderr.log"
        self.arguments = list(map(str, arguments))
        self.environment = {**clean_environment(), **(env or {})}
        self.command_line = command_line
        self.process = None
        self.stdout_lines = []
        self.host = "127.0.0.1"
        self.forget_ports()
        self._reader = None

    # Life and death

    def launch(self):
        """Starts the process and does not wait for it to be ready."""
        self.stdout_lines = []
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(
                [require_binary(), *self._flags()], env=self.environment, cwd=self.directory,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr)
        Streamhouse._live.add(self)
        self._reader = threading.Thread(target=self._read_stdout, daemon=True)
        self._reader.start()
        return self

    def start(self):
        """Starts the process, waits for its ready line and learns its ports."""
        self.launch()
        return self.await_ready()

    def await_ready(self, deadline=START_SECONDS):
        """Waits for the ready line of a launched process."""
        def settled():
            return self.stdout_lines or self.process.poll() is not None
        wait_until(settled, deadline, "a ready line on stdout")
        if not self.stdout_lines:
            self._reader.join()
        found = READY_LINE.match(self.stdout_lines[0]) if self.stdout_lines else None
        if not found:
            raise StartFailure(
                f"exit {self.process.poll()}, stdout {self.stdout_lines}, "
                f"stderr:\n{self.stderr_tail()}")
        self.host = found[1]
        self.pg_port, self.kafka_port, self.http_port = int(found[2]), int(found[4]), int(found[6])
        return self

    def kill9(self):
        """SIGKILL, as the kernel or a pulled plug would end it; returns when it is gone."""
        self._end(signal.SIGKILL)
        self.process.wait(timeout=30)
        self._ended()

    def stop(self, how=signal.SIGTERM):
        """Ends it as an operator would, and holds it to exit status 0 within its five seconds."""
        self._end(how)
        try:
            status = self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(f"still running {STOP_SECONDS} s after {how.name}") from None
        self._ended()
        assert status == 0, f"exit status {status} after {how.name}\n{self.stderr_tail()}"

    def restart(self):
        """Starts again on the same directory and the same ports, so that clients find it."""
        assert not self.is_running(), "stop or kill it first"
        return self.start()

    def forget_ports(self):
        """Lets the next start take any that are free."""
        self.pg_port = self.kafka_port = self.http_port = 0

    def discard(self):
        """Ends it without a claim about how, for the end of a test that has said its say."""
        if self.is_running():
            self.kill9()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stderr_tail(self):
        """The last part of what all processes on this directory wrote to stderr."""
        if not self.stderr_path.exists():
            return ""
        return self.stderr_path.read_bytes()[-STDERR_TAIL_BYTES:].decode(errors="replace")

    # Clients

    @property
    def kafka(self):
        """What a Kafka client calls bootstrap.servers."""
        return f"{self.host}:{self.kafka_port}"

    def connect(self, **options):
        """A psycopg connection that commits by itself unless told otherwise."""
        settings = {"host": self.host, "port": self.pg_port, "user": "streamhouse",
                    "dbname": "streamhouse", "autocommit": True, "connect_timeout": 10}
        return psycopg.connect(**{**settings, **options})

    def sql(self, statement, parameters=None):
        """Runs one statement on a connection of its own; its rows, or [] if it has none."""
        with self.connect() as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def psql(self, *arguments, script=None, check=True, timeout=CLIENT_SECONDS):
        """Runs psql, which stops at the first error; `script` is its stdin."""
        environment = {**clean_environment(), "PSQLRC": "/dev/null", "PAGER": "cat",
                       "LC_ALL": "C.UTF-8"}
        command = ["psql", "-X", "-h", self.host, "-p", str(self.pg_port), "-U", "streamhouse",
                   "-d", "streamhouse", "-v", "ON_ERROR_STOP=1", *map(str, arguments)]
        return run_client(command, script, check, timeout, environment, text=True)

    def kcat(self, *arguments, stdin=None, check=True, timeout=CLIENT_SECONDS):
        """Runs kcat against the broker; stdin and the streams of the result are bytes."""
        command = ["kcat", "-b", self.kafka, *map(str, arguments)]
        return run_client(command, stdin, check, timeout, clean_environment(), text=False)

    def http(self, path):
        """(status, content type, body) of a GET; an HTTP error status is a result too."""
        url = f"http://{self.host}:{self.http_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("Content-Type", ""), error.read().decode()

    def cpu_seconds(self):
        """User and system time that all threads of the running process have used."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_resident_bytes(self):
        """The most memory the running process has had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024

    # Inside

    def _flags(self):
        if self.command_line is not None:
            return self.command_line
        return ["serve", "--data-dir", str(self.data_directory), "--pg-port", str(self.pg_port),
                "--kafka-port", str(self.kafka_port), "--http-port", str(self.http_port),
                *self.arguments]

    def _read_stdout(self):
        for line in self.process.stdout:
            self.stdout_lines.append(line.decode(errors="replace").rstrip("\n"))

    def _end(self, how):
        assert self.is_running(), f"it has ended by itself\n{self.stderr_tail()}"
        self.process.send_signal(how)

    def _ended(self):
        self._reader.join()
        self.process.stdout.close()
        Streamhouse._live.discard(self)


def run_client(command, stdin, check, timeout, environment, text):
    """A client program run to its end; with `check`, one that fails fails the test in its words."""
    done = subprocess.run(command, input=stdin, env=environment, capture_output=True,
                          text=text, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\nexit {done.returncode}\n"
                             f"stdout: {done.stdout!r}\nstderr: {done.stderr!r}")
    return done


@atexit.register
def end_leftovers():
    """No server outlives the test run, however it ends."""
    for server in list(Streamhouse._live):
        if server.is_running():
            server.process.kill()
