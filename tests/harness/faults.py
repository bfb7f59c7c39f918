"""The switches of tests/faults/layer.c: a machine that fails on demand, under a broker, the daemon or the command line."""

import mmap
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

from . import machine

NAMES = ["full", "sync", "rename", "read_only", "no_files", "memory", "threads", "interrupted"]
_layer = None


def layer() -> pathlib.Path:
    global _layer
    if _layer is None:
        import atexit

        folder = pathlib.Path(tempfile.mkdtemp(prefix="sp-faults-", dir="/tmp"))
        atexit.register(shutil.rmtree, folder, True)
        os.chmod(folder, 0o755)
        _layer = folder / "layer.so"
        source = machine.ROOT / "tests" / "faults" / "layer.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", source, "-o", _layer, "-ldl", "-lpthread"], check=True)
        _layer.chmod(0o755)
    return _layer


class Faults:
    """Faults under `folder`. `with faults("full"):` makes them happen; `shift_clock` moves the clock."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder) / "faults.board"
        self.file.write_bytes(bytes(4096))
        machine.give_to_broker(self.file, 0o660)
        with open(self.file, "r+b") as opened:
            self.board = mmap.mmap(opened.fileno(), 4096)
        self.environment = {
            "LD_PRELOAD": str(layer()), "SALLYPORT_FAULTS": str(self.file), "SALLYPORT_FAULTS_ROOT": str(folder),
        }  # fmt: skip

    def command(self, *words):
        """These words, on this machine."""
        return ("/usr/bin/env", *(f"{name}={value}" for name, value in self.environment.items()), *words)

    def set(self, *names, on=True):
        for name in names:
            at = NAMES.index(name)
            self.board[at : at + 1] = b"1" if on else b"0"

    def happened(self, name) -> int:
        at = 128 + 4 * NAMES.index(name)
        return struct.unpack("<I", self.board[at : at + 4])[0]

    def shift_clock(self, seconds):
        self.board[64:72] = struct.pack("<q", seconds)

    def __call__(self, *names):
        return _Happening(self, names)


class _Happening:
    def __init__(self, faults, names):
        self.faults, self.names = faults, names

    def __enter__(self):
        self.faults.set(*self.names)
        return self.faults

    def __exit__(self, *_):
        self.faults.set(*self.names, on=False)
