"""Publish throughput of a real Mosquitto: with our topic rules, with its own acl_file, with dynamic security, with nothing."""
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from .broker import Broker, mosquitto, other_core
from .peers import BUILD
from .tokens import make_tokens, pinned

KINDS = ["nothing", "sallyport", "acl_file", "dynamic security"]
RULES = 10
DYNSEC = "mosquitto_dynamic_security.so"


def dynsec_plugin():
    for folder in Path("/usr/lib").glob("*-linux-gnu"):
        if (folder / DYNSEC).exists():
            return folder / DYNSEC
    return None


def filters():
    """Ten sites that a client may use: each message is looked for among them."""
    return [f"bench/site-{i}/#" for i in range(RULES - 1)] + ["bench/#"]


def sallyport(folder, tokens):
    from .broker import SETTINGS, RELEASE

    key = folder / "key"
    shutil.copy(tokens / "HS256.key", key)
    key.chmod(0o600)
    rules = '\n[topics]\nno_match = "deny"\n'
    rules += "".join(f'[[topic_rules]]\npermission = "allow"\ntopics = "{one}"\n' for one in filters())
    text = SETTINGS.format(folder=folder, key=f'secret_file = "{key}"')
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("claims", "require_exp")))
    (folder / "sallyport.toml").write_text(text + rules)
    token = (tokens / "HS256.good").read_text().split("\n")[0].split()[3]
    lines = [f"plugin {RELEASE / 'lib' / 'libsallyport_mosquitto.so'}", f"plugin_opt_config {folder / 'sallyport.toml'}"]
    return lines, "bench", token


def acl_file(folder, tokens):
    (folder / "acl").write_text("user bench\n" + "".join(f"topic readwrite {one}\n" for one in filters()))
    (folder / "passwd").touch(0o600)
    subprocess.run(["mosquitto_passwd", "-b", folder / "passwd", "bench", "bench"], check=True, capture_output=True)
    for name in ("acl", "passwd"):
        (folder / name).chmod(0o600)
    return [f"acl_file {folder / 'acl'}", f"password_file {folder / 'passwd'}"], "bench", "bench"


def dynamic_security(folder, tokens):
    file = folder / "dynsec.json"
    subprocess.run(["mosquitto_ctrl", "dynsec", "init", file, "bench", "bench"], check=True, capture_output=True)
    data = json.loads(file.read_text())
    kinds = ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
    role = {"rolename": "bench", "acls": [{"acltype": kind, "topic": one, "allow": True} for one in filters() for kind in kinds]}
    data["roles"].append(role)
    data["clients"][0]["roles"] = [{"rolename": "bench"}]
    file.write_text(json.dumps(data))
    return [f"plugin {dynsec_plugin()}", f"plugin_opt_config_file {file}"], "bench", "bench"


def nothing(folder, tokens):
    return ["allow_anonymous true"], "", ""


PREPARE = {"nothing": nothing, "sallyport": sallyport, "acl_file": acl_file, "dynamic security": dynamic_security}


class PublishBroker(Broker):
    def settings(self, kind, folder, tokens):
        lines, self.user, self.word = PREPARE[kind](folder, tokens)
        return lines


def one_run(kind, tokens, count, in_flight, core, client_core):
    with tempfile.TemporaryDirectory(prefix="sp-bench-") as name:
        broker = PublishBroker(kind, Path(name), tokens, core)
        try:
            before = broker.cpu()[0]
            command = [str(BUILD / "bin" / "bench_publish_storm"), str(broker.port), broker.user, broker.word, str(count), str(in_flight)]
            done = subprocess.run(pinned(client_core, command), capture_output=True, text=True, timeout=120)
            if done.returncode != 0:
                raise RuntimeError(f"publish storm with {kind}: {done.stderr.strip()}")
            return {**json.loads(done.stdout), "cpu_us": (broker.cpu()[0] - before) / count * 1e6}
        finally:
            broker.stop()


def measure(rounds, count, core, say):
    if mosquitto() is None:
        return {"left_out": "no mosquitto on this machine"}
    client_core = other_core(core)
    tokens = make_tokens(["HS256"], 10, "publish")
    kinds = [kind for kind in KINDS if kind != "dynamic security" or (dynsec_plugin() and shutil.which("mosquitto_ctrl"))]
    samples = {kind: [] for kind in kinds}
    for turn in range(rounds):
        for kind in kinds:
            say(f"publishing with {kind}: round {turn + 1} of {rounds}")
            samples[kind].append(one_run(kind, tokens, count, 64, core, client_core))
    version = subprocess.run([mosquitto(), "-h"], capture_output=True, text=True).stdout.split("\n")[0]
    base = samples["nothing"]
    rows = {
        kind: {
            "cpu_us": statistics.median(v["cpu_us"] for v in values),
            "messages_per_second": statistics.median(count / v["seconds"] for v in values),
            "throughput_ratio": statistics.median(b["cpu_us"] / v["cpu_us"] for v, b in zip(values, base)),
        }
        for kind, values in samples.items()
    }
    return {"broker": version, "messages": count, "rules": RULES, "rows": rows}


def table(result):
    if "rows" not in result:
        return [f"Left out: {result.get('left_out', 'not run')}."]
    lines = ["| topic rights by | CPU of the broker's thread a message | throughput beside nothing | messages a second, as it went |",
             "|---|---|---|---|"]  # fmt: skip
    for kind, row in result["rows"].items():
        lines.append(f"| {kind} | {row['cpu_us']:.2f} µs | {row['throughput_ratio']:.2f} | {row['messages_per_second']:,.0f} |")
    return lines
