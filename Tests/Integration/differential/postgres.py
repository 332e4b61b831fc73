"""A PostgreSQL of its own in a temporary directory, reachable through a Unix socket there."""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from streamhouse import wait_until

PROGRAMS = Path(os.environ.get("POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))

PORT = 54329
"""Names the socket; nothing listens on TCP."""

SETTINGS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "timezone": "UTC", "port": PORT, "jit": "off", "max_connections": 20, "shared_buffers": "64MB",
    "statement_timeout": "10s", "client_min_messages": "error", "from_collapse_limit": 4,
    "join_collapse_limit": 4,
}


class PostgreSQL:
    """The server that knows the right answers; stopped by its own process id."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="streamhouse-differential-"))
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.directory, self.user)
        atexit.register(self.stop)
        self._run("initdb", "--locale=C", "-E", "UTF8", "-A", "trust", "-U", "streamhouse", "-N",
                  "-D", self.directory / "data")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self._run("pg_ctl", "-D", self.directory / "data", "-l", self.directory / "log", "-w",
                  "-o", f"{options} -c unix_socket_directories={self.directory}", "start")

    @property
    def conninfo(self):
        return f"host={self.directory} port={PORT} user=streamhouse dbname=postgres"

    def stop(self):
        """Ends the server, if it runs, and removes its directory."""
        atexit.unregister(self.stop)
        pid_file = self.directory / "data/postmaster.pid"
        if pid_file.exists():
            os.kill(int(pid_file.read_text().split()[0]), 3)  # SIGQUIT: at once
            wait_until(lambda: not pid_file.exists(), 20, "the end of PostgreSQL")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, program, *arguments):
        command = [str(PROGRAMS / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        # The server keeps what it inherits open, so its output must not be a pipe.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  cwd="/")
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read().decode()}"
