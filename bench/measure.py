"""What the benchmarks share: a server of their own, limits of time, medians and tables.

They run against the release binary, over loopback, with the server helper and the Nexmark texts
of the integration tests.
"""

import contextlib
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "Tests/Integration"))

from streamhouse import Streamhouse, clean_environment


def add_server_arguments(parser):
    """The flags that every benchmark has."""
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="of the server")
    parser.add_argument("--time-limit", type=int, default=1800, help="seconds for all of it")


def add_load_arguments(parser):
    """The flags of a benchmark that works through generated events."""
    parser.add_argument("--events", type=int, default=1_000_000, help="default %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="the median counts")
    parser.add_argument("--seed", type=int, default=1, help="of the generator")


@contextlib.contextmanager
def bench_server(arguments):
    """A running server in a temporary directory, which the directory's other files may share;
    yields both. Everything ends after the time limit."""
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(arguments.time_limit)
    with tempfile.TemporaryDirectory(prefix="streamhouse-bench-") as directory:
        server = Streamhouse(directory, ["--workers", arguments.workers]).start()
        try:
            yield server, Path(directory)
        except BaseException:
            print(server.stderr_tail(), file=sys.stderr)
            raise
        finally:
            server.discard()
            signal.alarm(0)


def give_up(*_):
    raise TimeoutError("the benchmark has used up its --time-limit")


@contextlib.contextmanager
def interrupted_after(seconds, interrupt):
    """Calls `interrupt` if the block takes longer, for work that no signal reaches."""
    timer = threading.Timer(seconds, interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def produce_with_kcat(server, topic, path, *settings, timeout=600):
    """Produces each line of a file as one record; returns when all are acknowledged."""
    command = ["kcat", "-P", "-b", server.kafka, "-t", topic, "-l", str(path)]
    for setting in settings:
        command += ["-X", setting]
    subprocess.run(command, env=clean_environment(), check=True, timeout=timeout)


median = statistics.median


def print_machine():
    """What the figures below were measured on."""
    model = "unknown processor"
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    print(f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}")


def print_table(header, rows):
    """Rows of text under a header; all columns but the first are set to the right."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]

    def line(cells):
        first, *rest = zip(cells, widths, strict=True)
        return "  ".join([str(first[0]).ljust(first[1]), *(str(c).rjust(w) for c, w in rest)])

    print(line(header))
    print("  ".join("-" * width for width in widths))
    for row in rows:
        print(line(row))
    sys.stdout.flush()


def thousands(value):
    return f"{value:,.0f}"
