"""A real Mosquitto under a storm of clients, with our plugin in it and with one that lets everybody in."""
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from .peers import BUILD, RELEASE
from .tokens import make_tokens, pinned

IN_FLIGHT = 32
ALGORITHMS = ["HS256", "ES256"]
ALONE = 'ES256 with engine = "openssl"'

SETTINGS = """
[store]
url = "sqlite://{folder}/store.db"

[control]
socket = "{folder}/control.sock"

[jwt]
{key}
claims = {{ username = "%u", clientid = "%c" }}
require_exp = true
"""


def mosquitto():
    found = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    return found if os.path.exists(found) else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def other_core(core):
    """For the clients: another one than the broker's, where there is one."""
    return next((c for c in sorted(os.sched_getaffinity(0)) if c != core), core)


def algorithm_of(kind):
    return kind.split()[0] if kind != "accept-all" else ALGORITHMS[0]


def plugin_lines(kind, folder, tokens):
    if kind == "accept-all":
        return [f"plugin {BUILD / 'lib' / 'libbench_accept_all.so'}"]
    key = folder / "key"
    shutil.copy(tokens / f"{algorithm_of(kind)}.key", key)
    key.chmod(0o600)
    name = "secret_file" if kind.startswith("HS") else "public_key_file"
    settings = SETTINGS.format(folder=folder, key=f'{name} = "{key}"')
    if kind == ALONE:
        settings += '\n[crypto]\nengine = "openssl"\n'
    (folder / "sallyport.toml").write_text(settings)
    return [f"plugin {RELEASE / 'lib' / 'libsallyport_mosquitto.so'}", f"plugin_opt_config {folder / 'sallyport.toml'}"]


class Broker:
    """One broker process on the pinned core; its threads' CPU times are read from the kernel."""

    def settings(self, kind, folder, tokens):
        return ["allow_anonymous false", *plugin_lines(kind, folder, tokens)]

    def __init__(self, kind, folder, tokens, core):
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "log_dest none", "connection_messages false"]
        if os.getuid() == 0:
            lines.append("user root")
        conf = folder / "mosquitto.conf"
        conf.write_text("\n".join(lines + self.settings(kind, folder, tokens)) + "\n")
        self.process = subprocess.Popen(pinned(core, [mosquitto(), "-c", str(conf)]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(500):
            if self.process.poll() is not None:
                raise RuntimeError(f"the broker did not start with {kind}: {self.process.stderr.read()[-300:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"the broker with {kind} does not listen")

    def cpu(self):
        """Seconds on the processor: of the broker's own thread, and of all others."""
        own = others = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            spent = int((task / "schedstat").read_text().split()[0])
            if task.name == str(self.process.pid):
                own = spent
            else:
                others += spent
        return own / 1e9, others / 1e9

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()


def storm(broker, file, count, core):
    before = broker.cpu()
    command = pinned(core, [str(BUILD / "bin" / "bench_connect_storm"), str(broker.port), str(file), str(count), str(IN_FLIGHT)])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"storm: {done.stderr.strip()}")
    own, others = (b - a for a, b in zip(before, broker.cpu()))
    return {**json.loads(done.stdout), "cpu_us": own / count * 1e6, "other_threads_us": others / count * 1e6}


def one_round(kind, tokens, count, core, client_core):
    """Cold: every token new. Repeat: the same clients come again."""
    with tempfile.TemporaryDirectory(prefix="sp-bench-") as name:
        broker = Broker(kind, Path(name), tokens, core)
        try:
            algorithm = algorithm_of(kind)
            if kind != "accept-all":
                # Forged, expired and others' tokens are out: what is measured is a gate.
                bad = storm(broker, tokens / f"{algorithm}.bad", 4, client_core)
                if bad["refused"] != 4:
                    raise RuntimeError(f"{kind}: the broker refused {bad['refused']} of 4 bad tokens")
            passes = {}
            for mode in ("cold", "repeat"):
                passes[mode] = storm(broker, tokens / f"{algorithm}.good", count, client_core)
                if passes[mode]["accepted"] != count:
                    raise RuntimeError(f"{kind} {mode}: {passes[mode]['accepted']} of {count} came in")
            return passes
        finally:
            broker.stop()


def measure(rounds, count, core, say):
    if mosquitto() is None:
        return {"left_out": "no mosquitto on this machine"}
    client_core = other_core(core)
    tokens = make_tokens(ALGORITHMS, count, "storm")
    kinds = ["accept-all", *ALGORITHMS, ALONE]
    samples = {}
    for turn in range(rounds):
        for kind in kinds:
            say(f"broker with {kind}: round {turn + 1} of {rounds}")
            for mode, values in one_round(kind, tokens, count, core, client_core).items():
                samples.setdefault((kind, mode), []).append(values)
    version = subprocess.run([mosquitto(), "-h"], capture_output=True, text=True).stdout.split("\n")[0]
    rows = {}
    for (kind, mode), values in samples.items():
        base = samples[("accept-all", mode)]
        rows.setdefault(kind, {})[mode] = {
            "cpu_us": statistics.median(v["cpu_us"] for v in values),
            "other_threads_us": statistics.median(v["other_threads_us"] for v in values),
            "connects_per_second": statistics.median(count / v["seconds"] for v in values),
            "connects_per_cpu_second": 1e6 / statistics.median(v["cpu_us"] for v in values),
            "cpu_ratio": statistics.median(v["cpu_us"] / b["cpu_us"] for v, b in zip(values, base)),
        }
    return {"broker": version, "connects": count, "in_flight": IN_FLIGHT, "rows": rows}
