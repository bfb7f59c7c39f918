"""Bad tokens of forty kinds by the million, and good devices beside them. SALLYPORT_FLOOD says how many (10000000)."""

import json
import os
import random
import subprocess
import sys
import time

from harness import machine, tokens
from harness.case import BrokerCase
from harness.connect_storm import Storm, p99
from harness.gate import SECRET

COUNT = int(os.environ.get("SALLYPORT_FLOOD", "60000"))
# What is remembered of strangers lies in tables of a fixed room; this much is for the allocator's own.
MAY_GROW_KIB = 8 * 1024


class AFlood(BrokerCase):
    def good_devices(self, broker):
        made = [tokens.good(f"device-{n}") for n in range(200)]
        return Storm(lambda: ("good", broker.port, random.choice(made)), rate=50)

    def test_forty_kinds_of_bad_tokens_cost_no_memory_and_no_good_device(self):
        gate = self.gate(f"[jwt]\n{SECRET}\nallowed_algorithms = [\"HS256\", \"RS256\", \"ES256\", \"EdDSA\"]\n")
        gate.add_user("owner", "the owner's own password")
        broker = self.broker(gate)
        # Whoever was in before is remembered, and asks no brake; guesses at his name are slowed.
        self.assertGetsIn(broker, username="owner", password="the owner's own password")
        with self.good_devices(broker) as quiet:
            time.sleep(5)
        flood = subprocess.Popen(
            [sys.executable, "-m", "harness.flood", str(broker.port), str(COUNT), "32"], cwd=machine.ROOT / "tests",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(flood.kill)
        memory, owner = [], []
        with self.good_devices(broker) as beside:
            for line in flood.stderr:
                if not line.strip().isdigit():
                    self.fail(line + flood.stderr.read())
                memory.append((int(line), broker.memory_kib()))
                if len(memory) % 2 == 0:
                    owner.append(self.code(broker, username="owner", password="the owner's own password", client_id="o"))
            told = json.loads(flood.stdout.read())
        self.assertEqual(flood.wait(), 0)
        self.assertEqual(told["let_in"], [])
        self.assertEqual(told["asked"], COUNT)
        self.assertGreaterEqual(told["kinds"], 40)
        self.assertEqual(told["silent"], 0, "each has its answer or a closed connection")
        self.assertEqual(set(beside.codes("good")), {0}, "no good device was kept out")
        self.assertTrue(owner)
        self.assertEqual(set(owner), {0}, "whoever guesses locks nobody out")
        # After the first fifth the tables are as full as they get.
        warm = [kib for at, kib in memory if at >= COUNT / 5] or [memory[-1][1]]
        self.assertLess(max(warm) - warm[0], MAY_GROW_KIB, memory)
        ours = 0
        with open(broker.log_file, "rb") as log:
            for line in log:
                ours += line.startswith(b"sallyport:")
        # Two hundred at once, and fifty a second.
        self.assertLess(ours, 300 + 60 * told["seconds"])
        figures = {
            "asked": told["asked"], "kinds": told["kinds"], "seconds": round(told["seconds"]), "a second": round(told["asked"] / told["seconds"]),
            "memory, MiB, after a fifth and at most": [round(warm[0] / 1024, 1), round(max(warm) / 1024, 1)],
            "good devices' p99, ms, before and beside": [round(p99([quiet], "good") * 1000, 1), round(p99([beside], "good") * 1000, 1)],
            "good devices beside": len(beside.answers), "lines of ours": ours,
        }  # fmt: skip
        kept = machine.ROOT / "build" / "flood.json"
        kept.write_text(json.dumps(figures, indent=1) + "\n")
        self.assertLess(p99([beside], "good"), 1.0)


if __name__ == "__main__":
    import unittest

    unittest.main()
