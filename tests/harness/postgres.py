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
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _as(self):
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if machine.IS_ROOT else {}

    def _run(self, program, *words):
        done = subprocess.run([self.bin / program, *words], cwd="/", capture_output=True, text=True, timeout=120, **self._as())
        if done.returncode:
            raise AssertionError(f"{program} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @property
    def url(self):
        return f"postgres://postgres@/postgres?host={self.folder}"

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [self.bin / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses="],
            cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as(),
        )  # fmt: skip
        ready = lambda: subprocess.run([self.bin / "pg_isready", "-h", self.folder], capture_output=True).returncode == 0
        if not machine.wait_until(ready, 30, 0.05):
            raise AssertionError("PostgreSQL did not start:\n" + (self.folder / "log").read_text())
        return self

    def sql(self, text):
        return self._run("psql", "-h", self.folder, "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text).strip()

    def stop(self, number=signal.SIGINT):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
