"""A question about a topic, by the number of rules that a client has."""
import json
import subprocess

from .peers import BUILD
from .tokens import pinned

PROGRAM = BUILD / "bin" / "bench_topic_rules"
COUNTS = [1, 10, 100, 1000]


def measure(core, say):
    if not PROGRAM.exists():
        return {"left_out": "Google Benchmark is not on this machine"}
    say("questions about topics")
    command = pinned(core, [str(PROGRAM), "--benchmark_format=json", "--benchmark_min_time=0.1"])
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    rows = {}
    for one in json.loads(done.stdout)["benchmarks"]:
        if one.get("error_occurred"):
            raise RuntimeError(f"{one['name']}: {one['error_message']}")
        name, count = one["name"].removeprefix("BM_").split("/")
        rows.setdefault(name, {})[count] = one["cpu_time"]
    return {"rows": rows}


def table(result):
    if "rows" not in result:
        return [f"Left out: {result.get('left_out', 'not run')}."]
    names = {"Publish": "publish", "PublishAmongWildcards": "publish, rules that begin with +", "Receive": "receive", "Subscribe": "subscribe"}
    lines = ["| nanoseconds a check | " + " | ".join(f"{n:,} rules" for n in COUNTS) + " |", "|---" * (len(COUNTS) + 1) + "|"]
    lines += [f"| {names[name]} | " + " | ".join(f"{row[str(n)]:,.0f}" for n in COUNTS) + " |" for name, row in result["rows"].items()]
    return lines
