"""The devices of examples/devices, built or installed as their first lines say."""

import fcntl
import os
import shutil
import subprocess

from . import machine, peers

EXAMPLES = machine.ROOT / "examples" / "devices"
FOLDER = machine.ROOT / "build" / "devices"


def _copy(language):
    target = FOLDER / language
    shutil.copytree(EXAMPLES / language, target, dirs_exist_ok=True)
    return target


def python():
    return ["/usr/bin/python3", str(EXAMPLES / "python" / "device.py")]


def javascript():
    program, folder = peers.node()  # with MQTT.js beside it
    shutil.copy(EXAMPLES / "javascript" / "device.mjs", folder / "device.mjs")
    return [program, str(folder / "device.mjs")]


def c():
    folder = _copy("c")
    peers.words(["cc", "-Wall", "-Wextra", "-Werror", "-o", folder / "device", folder / "device.c", "-lmosquitto"])
    return [str(folder / "device")]


def go():
    folder = _copy("go")
    program = peers.tool(["go", "/usr/local/go/bin/go", "/usr/lib/go-1.19/bin/go"], ["version"], (1, 19), "interop-go")
    env = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    peers.words([program, "build", "-o", "device", "."], cwd=folder, env=env)
    return [str(folder / "device")]


LANGUAGES = {"python": python, "javascript": javascript, "c": c, "go": go}


def command(language):
    """The program and its first words; peers.Missing where it cannot be had here."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / ".lock", "w") as lock:  # three brokers' suites want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return LANGUAGES[language]()


class Device:
    """One that runs: a line in is a message out, and what it says is kept."""

    def __init__(self, words, port, client_id, token_command, version):
        self.client_id = client_id
        self.output = (machine.temp_folder() / "said").open("w+")
        self.process = subprocess.Popen(
            [*words, str(port), client_id, token_command, *([str(version)] if version else [])],
            stdin=subprocess.PIPE, stdout=self.output, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def send(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it is gone, and what it said tells why

    def said(self):
        with open(self.output.name) as again:
            return again.read()

    def end(self, seconds=15):
        """Its exit code, after what it still had to do."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "it did not end"

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()
        shutil.rmtree(os.path.dirname(self.output.name), ignore_errors=True)
