"""What a decision costs while one thing grows, the dearest attempt of a stranger, and where a storm's time goes."""
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import svg
from .broker import Broker, mosquitto, storm
from .peers import BUILD
from .tokens import make_tokens, pinned


def measure(seconds, core, say):
    say("a decision while one thing grows")
    done = subprocess.run(pinned(core, [str(BUILD / "bin" / "bench_sweeps"), str(seconds)]), capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        return {"left_out": done.stderr.strip()[-300:]}
    return json.loads(done.stdout)


def file_name(graph):
    return re.sub(r"[^a-z]+", "-", graph.lower()).strip("-") + ".svg"


def draw(result, folder):
    """The pictures of one run."""
    folder.mkdir(parents=True, exist_ok=True)
    for graph, series in result.get("sweeps", {}).get("graphs", {}).items():
        (folder / file_name(graph)).write_text(svg.lines(graph, series), encoding="utf-8")
    stacks = result.get("flame", {}).get("stacks")
    if stacks:
        (folder / "storm.svg").write_text(svg.flame(result["flame"]["title"], {tuple(s.split(";")): n for s, n in stacks.items()}), encoding="utf-8")


def flame(count, core, say):
    """The broker's own thread under a storm of ES256 tokens, each of them new, as perf sees it."""
    perf = shutil.which("perf")
    if mosquitto() is None or perf is None:
        return {"left_out": "no perf or no mosquitto on this machine"}
    say("where a storm's time goes")
    count = max(count, 4000)  # a second of CPU: fewer samples say nothing
    tokens = make_tokens(["ES256"], count, "storm")
    with tempfile.TemporaryDirectory(prefix="sp-flame-") as name:
        folder = Path(name)
        broker = Broker("ES256", folder, tokens, core)
        try:
            storm(broker, tokens / "ES256.good", min(count, 500), core)  # tables, probation
            record = subprocess.Popen([perf, "record", "-q", "-F", "1999", "--call-graph", "dwarf,16384", "-t", str(broker.process.pid), "-o", str(folder / "data")],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
            began = time.monotonic()
            while not (folder / "data").exists() and time.monotonic() - began < 5:
                time.sleep(0.05)
            storm(broker, tokens / "ES256.good", count, core)
            record.send_signal(2)
            record.wait(60)
        finally:
            broker.stop()
        said = subprocess.run([perf, "script", "--no-inline", "-i", str(folder / "data"), "-F", "ip,sym,dso"], capture_output=True, text=True, timeout=600)
    stacks = folded(said.stdout)
    if not stacks:
        return {"left_out": "perf saw nothing"}
    return {"title": f"CPU of the broker's thread, {count} connects with a new ES256 token each", "stacks": stacks}


def folded(text):
    """perf script's stacks, innermost first, as {"outermost;…;innermost": samples}."""
    stacks, now = {}, []
    for line in [*text.splitlines(), ""]:
        if line.strip():
            found = re.match(r"\s*[0-9a-f]+ (.+) \((.*)\)$", line)
            if found:
                now.append(plain(found.group(1), found.group(2)))
        elif now:
            stack = ";".join(reversed(now))
            stacks[stack] = stacks.get(stack, 0) + 1
            now = []
    return stacks


def plain(symbol, dso):
    """A function without its arguments; what has no name is its library's."""
    if symbol.startswith("[unknown]"):
        return "[" + (Path(dso).name or "unknown") + "]"
    symbol = re.sub(r"\(anonymous namespace\)::", "", symbol)
    symbol = re.sub(r"<[^<>]*>", "", re.sub(r"<[^<>]*>", "", symbol))
    return symbol.split("(")[0].replace(";", ",") or symbol
