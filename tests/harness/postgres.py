"""PostgreSQL in a folder of its own, on a Unix socket; as root it runs as the user postgres."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from . import machine


def programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    def __init__(self):
        self.bin = programs()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sp-pg-", dir="/tmp"))
        self.user = "postgres" if machine.IS_ROOT else machine.BROKER_USER
        if machine.IS_ROOT:
            shutil.chown(self.folder, "postgres", "postgres")
        os.chmod(self.folder, 0o755)
        self.process = None
        self.settings, self.prefix = (), ()
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _as(self):
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if machine.IS_ROOT else {}

    def _run(self, program, *words, timeout=120):
        done = subprocess.run([self.bin / program, *words], cwd="/", capture_output=True, text=True, timeout=timeout, **self._as())
        if done.returncode:
            raise AssertionError(f"{program} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @property
    def url(self):
        return f"postgres://postgres@/postgres?host={self.folder}"

    def start(self, *settings, prefix=()):
        """Further settings as "name=value"; `prefix` is a command that runs it elsewhere (in a namespace)."""
        if settings or prefix:
            self.settings, self.prefix = settings, prefix
        options = [word for one in self.settings for word in ("-c", one)]
        command = [self.bin / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", *options]
        owner = self._as()
        if self.prefix:
            command = [*self.prefix, "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
            owner = {}
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, **owner)
        ready = lambda: subprocess.run([self.bin / "pg_isready", "-h", self.folder], capture_output=True).returncode == 0
        if not machine.wait_until(ready, 30, 0.05):
            raise AssertionError("PostgreSQL did not start:\n" + (self.folder / "log").read_text())
        return self

    def kill(self):
        """As a machine loses power, but for its disk: the server and all its processes, none of which can say goodbye."""
        server = self.process.pid
        parts = [server]
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                if int(fields[1]) == server:
                    parts.append(int(entry.name))
        for pid in parts:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(30)
        gone = lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in parts[1:])
        machine.wait_until(gone, 10)

    def sql(self, text, timeout=120):
        return self._run("psql", "-h", self.folder, "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text, timeout=timeout).strip()

    def stop(self, number=signal.SIGINT):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
