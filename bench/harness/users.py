"""Users by the thousand and the million: import, start to first decision, memory, by the command line as people run it."""
import hashlib
import json
import subprocess
import tempfile
import time
from pathlib import Path

from .peers import RELEASE

SETTINGS = '[store]\nurl = "sqlite://{folder}/store.db"\n[control]\nsocket = "{folder}/control.sock"\n'


def write_csv(path, count):
    """Salted SHA-256 as EMQX exports it: what is measured is the import, not a hash of plain passwords."""
    with open(path, "w", encoding="ascii") as file:
        file.write("username,password_hash,salt,is_superuser\n")
        digest = hashlib.sha256(b"saltright").hexdigest()
        for i in range(count):
            file.write(f"device-{i:07d},{digest},salt,false\n")


def peak_mib(pid):
    # Not rusage: what a process inherits from the one that started it stays in that.
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def import_users(command):
    """(seconds, peak resident MiB)."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, peak_mib(process.pid))
        except OSError:
            pass
        time.sleep(0.005)
    took = time.monotonic() - started
    output = process.communicate()[0]
    if process.returncode != 0:
        raise RuntimeError(f"user import: exit {process.returncode}: {output.strip()[-300:]}")
    return took, peak


def first_decision(command, attempt):
    """(seconds from start to the first decision, resident MiB then)."""
    started = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write(json.dumps(attempt) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        took, peak = time.monotonic() - started, peak_mib(process.pid)
        if answer["verdict"] != "allow":
            raise RuntimeError(f"the last of the users is not let in: {answer['reason']}")
        return took, peak


def one(count):
    sallyport = str(RELEASE / "bin" / "sallyport")
    with tempfile.TemporaryDirectory(prefix="sp-bench-") as name:
        folder = Path(name)
        settings, table = folder / "sallyport.toml", folder / "users.csv"
        settings.write_text(SETTINGS.format(folder=folder))
        write_csv(table, count)
        how = ["--format", "emqx", "--hash", "sha256", "--salt-position", "prefix"]
        imported, import_peak = import_users([sallyport, "user", "import", str(table), "--config", str(settings), *how])
        attempt = {"id": 1, "username": f"device-{count - 1:07d}", "clientid": "c", "password": "right"}
        started, peak = first_decision([sallyport, "decide", "--config", str(settings), "--batch", "-"], attempt)
        return {"import_s": imported, "import_mib": import_peak, "start_s": started, "mib": peak,
                "store_mib": (folder / "store.db").stat().st_size / 2**20}


def measure(counts, say):
    say("users: 1")
    empty = one(1)
    rows = {}
    for count in counts:
        say(f"users: {count:,}")
        row = one(count)
        row["bytes_per_user"] = (row["mib"] - empty["mib"]) * 2**20 / count
        rows[str(count)] = row
    return {"empty_mib": empty["mib"], "rows": rows}
