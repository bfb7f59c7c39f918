"""Keys over the network: looking one up among many, and connects while the key set is fetched anew each second."""
import json
import statistics
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .broker import IN_FLIGHT, RELEASE, SETTINGS, Broker, mosquitto, other_core, storm
from .peers import BUILD
from .tokens import make_tokens

ALGORITHM = "ES256"
SECONDS = 5  # of a storm, about: several refreshes fall into it
SIZES = [1, 10, 1_000, 10_000]
QUESTIONS = {"BM_KeyByKid": "by its kid", "BM_KeyByUnknownKid": "by a kid that nobody has", "BM_KeysByAlgorithm": "by alg alone, the first eight"}


class KeyServer:
    """The key set over HTTP on 127.0.0.1; without a tag, so that each answer is read and judged anew."""

    def __init__(self, document, max_age):
        self.requests = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Cache-Control", f"max-age={max_age}")
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/jwks"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


class KeysBroker(Broker):
    """Its keys come from the address that is its kind."""

    def settings(self, url, folder, tokens):
        key = f'jwks_url = "{url}"\njwks_cooldown = "1s"\naudience = "mqtt"'
        (folder / "sallyport.toml").write_text(SETTINGS.format(folder=folder, key=key))
        return ["allow_anonymous false", f"plugin {RELEASE / 'lib' / 'libsallyport_mosquitto.so'}", f"plugin_opt_config {folder / 'sallyport.toml'}"]


def lookup(seconds):
    """{question: {number of keys: nanoseconds}}; nothing where Google Benchmark was not there to build it with."""
    program = BUILD / "bin" / "bench_key_lookup"
    if not program.exists():
        return {}
    command = [str(program), "--benchmark_format=json", f"--benchmark_min_time={seconds}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found = {}
    for one in json.loads(done.stdout)["benchmarks"]:
        question, size = one["name"].split("/")
        found.setdefault(question, {})[size] = one["cpu_time"]
    return found


def one_round(max_age, tokens, count, core, client_core):
    """One storm of a broker that fetches its keys, and how often it did so meanwhile."""
    document = (tokens / f"{ALGORITHM}.jwks").read_bytes()
    with tempfile.TemporaryDirectory(prefix="sp-bench-") as name, KeyServer(document, max_age) as server:
        broker = KeysBroker(server.url, Path(name), tokens, core)
        try:
            settle(broker, tokens, client_core)
            bad = storm(broker, tokens / f"{ALGORITHM}.bad", 4, client_core)
            if bad["refused"] != 4:
                raise RuntimeError(f"the broker refused {bad['refused']} of 4 bad tokens")
            asked = server.requests
            got = storm(broker, tokens / f"{ALGORITHM}.good", count, client_core)
            if got["accepted"] != count:
                raise RuntimeError(f"{got['accepted']} of {count} came in")
            return {**got, "fetches": server.requests - asked}
        finally:
            broker.stop()


def settle(broker, tokens, core):
    """Until the keys are there, a good token cannot be decided on."""
    for _ in range(200):
        if storm(broker, tokens / f"{ALGORITHM}.good", 1, core)["accepted"] == 1:
            return
        threading.Event().wait(0.05)
    raise RuntimeError("the keys never came")


def measure(rounds, connects, seconds, core, say):
    say(f"keys: lookup among {SIZES[0]} to {SIZES[-1]:,}")
    result = {"lookup": lookup(seconds)}
    if mosquitto() is None:
        return {**result, "left_out": "no mosquitto on this machine"}
    tokens = make_tokens([ALGORITHM], connects, "keys")
    client_core = other_core(core)
    samples = {}
    count = connects
    for turn in range(rounds):
        for kind, max_age in (("none", 86_400), ("each second", 1)):
            say(f"keys: refresh {kind}: round {turn + 1} of {rounds}")
            got = one_round(max_age, tokens, count, core, client_core)
            if turn == 0 and kind == "none" and got["seconds"] < SECONDS:
                # How many clients fill the time is known only now; this round is asked again.
                count = max(count, int(count * min(50, SECONDS / got["seconds"])))
                got = one_round(max_age, tokens, count, core, client_core)
            samples.setdefault(kind, []).append(got)
    rows = {
        kind: {
            "connects_per_second": statistics.median(count / one["seconds"] for one in values),
            "cpu_us": statistics.median(one["cpu_us"] for one in values),
            "other_threads_us": statistics.median(one["other_threads_us"] for one in values),
            "ratio": statistics.median(base["seconds"] / one["seconds"] for one, base in zip(values, samples["none"])),
            "fetches": statistics.median(one["fetches"] for one in values),
        }
        for kind, values in samples.items()
    }
    return {**result, "connects": count, "in_flight": IN_FLIGHT, "rows": rows}


# -- in words


def lookup_table(found):
    if not found:
        return ["Left out: Google Benchmark (libbenchmark-dev) is missing."]
    lines = ["| looked up | " + " | ".join(f"{n:,} keys" for n in SIZES) + " |", "|---|" + "---|" * len(SIZES)]
    for question, words in QUESTIONS.items():
        lines.append(f"| {words} | " + " | ".join(f"{found[question][str(n)]:.0f} ns" for n in SIZES) + " |")
    return lines


def refresh_table(keys):
    if "rows" not in keys:
        return [f"Left out: {keys.get('left_out', 'not run')}."]
    lines = ["| refresh | fetches meanwhile | connects a second | beside none | CPU of the broker's thread a connect | other threads |", "|---|---|---|---|---|---|"]
    for kind, row in keys["rows"].items():
        lines.append(f"| {kind} | {row['fetches']:.0f} | {row['connects_per_second']:,.0f} | **{row['ratio']:.2f}** | {row['cpu_us']:.1f} µs | {row['other_threads_us']:.1f} µs |")
    return lines
