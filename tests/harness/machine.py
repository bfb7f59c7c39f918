"""Ports, folders, users and waiting."""

import os
import pathlib
import pwd
import resource
import shutil
import socket
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SALLYPORT_BUILD", ROOT / "build" / "release"))
SALLYPORT = BUILD / "bin" / "sallyport"
PLUGIN = BUILD / "lib" / "libsallyport_mosquitto.so"

IS_ROOT = os.geteuid() == 0
# As root a broker drops to this user, as Debian's does; otherwise it runs as whoever runs the tests.
BROKER_USER = "mosquitto" if IS_ROOT else pwd.getpwuid(os.geteuid()).pw_name


def many_files(wanted=8192) -> bool:
    """A thousand clients need a thousand sockets, here and in the broker that is started from here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted and IS_ROOT:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, wanted))
            hard = wanted
        except (OSError, ValueError):
            pass  # a container may forbid it to root, too
    enough = hard == resource.RLIM_INFINITY or hard >= wanted
    wanted = wanted if enough else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return enough


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def give_to_broker(path, mode=None) -> None:
    if IS_ROOT:
        shutil.chown(path, BROKER_USER, BROKER_USER)
    if mode is not None:
        os.chmod(path, mode)


def temp_folder() -> pathlib.Path:
    """A short path (a Unix socket's may have 107 bytes) that the broker's user can enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sp-", dir="/tmp"))
    give_to_broker(folder, 0o750)
    return folder


def wait_until(what, seconds=10.0, step=0.01):
    """The first true value of `what()`, or its last value when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() >= end:
            return value
        time.sleep(step)


_shared = None


def plugin_copy() -> pathlib.Path:
    """The plugin at a place that the broker's user can read; a clone under /root is closed to it."""
    global _shared
    if _shared is None:
        import atexit

        folder = pathlib.Path(tempfile.mkdtemp(prefix="sp-plugin-", dir="/tmp"))
        os.chmod(folder, 0o755)
        shutil.copy(PLUGIN, folder / PLUGIN.name)
        os.chmod(folder / PLUGIN.name, 0o755)
        atexit.register(shutil.rmtree, folder, True)
        _shared = folder / PLUGIN.name
    return _shared
