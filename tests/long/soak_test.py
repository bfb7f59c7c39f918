"""An hour of a broker's life: storms, reloads, rotations, renewals. SALLYPORT_SOAK_MINUTES is for those who cannot wait,
and for those who have longer. Figures and a graph are left in build/."""

import importlib.util
import json
import os
import pathlib
import random
import re
import statistics
import time

from harness import key_server as ks
from harness import machine, raw_mqtt, tokens
from harness.case import BrokerCase
from harness.connect_storm import Storm
from harness.fleet import Fleet
from harness.gate import SECRET
from harness.keys import Pair, key_set

MINUTES = float(os.environ.get("SALLYPORT_SOAK_MINUTES", "5"))
RENEW = "$CONTROL/sallyport/v1/renew"
DEVICES, LIFE, SAMPLE = 200, 60, 2.0


class Soak(BrokerCase):
    def facts(self, broker):
        process = pathlib.Path(f"/proc/{broker.process.pid}")
        status = (process / "status").read_text()
        return {
            "memory": int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024,
            # Of both tables: the plugin's threads have one apart from the broker's.
            "descriptors": sum(len(os.listdir(one / "fd")) for one in sorted((process / "task").iterdir(), key=lambda one: int(one.name))[:2]),
            "threads": int(re.search(r"Threads:\s+(\d+)", status).group(1)),
        }

    def start_house(self):
        self.gate_ = gate = self.gate("")
        self.way = ks.Way(ks.Certificates(gate.folder))
        self.addCleanup(self.way.stop)
        self.pair, self.rotations = Pair("k-0"), 0
        self.way.document = key_set(self.pair)
        self.write(0)
        gate.add_user("alice", "right as rain")
        self.broker_ = self.broker(gate)
        self.eventually(lambda: self.code(self.broker_, username="x", password=self.pair.token()) == 0, "the key came")
        self.fill()

    def write(self, number):
        self.gate_.write(
            f'[session]\nnotice = "0s"\n[jwt]\n{SECRET}\nleeway = "{number % 2}s"\njwks_url = "{self.way.url}"\n'
            f'jwks_ca_file = "{self.way.certificates.file}"\njwks_cooldown = "1s"\n'
        )

    def fill(self):
        """What the storm shows: good tokens of the key in force and of the secret, bad ones, a password."""
        good = [self.pair.token(f"s-{n}") for n in range(60)] + [tokens.good(f"h-{n}") for n in range(60)]
        bad = [tokens.changed(one) for one in good] + [tokens.expired(), Pair("nobody").token()]
        self.shown = (good, bad)

    def choose(self):
        good, bad = self.shown
        if random.random() < 0.7:
            return "good", self.broker_.port, random.choice(good)
        return "bad", self.broker_.port, random.choice(bad)

    # -- what happens to a broker

    def reload(self, number):
        self.write(number)
        self.gate_.reload()

    def change_users(self, number):
        self.gate_.add_user(f"new-{number}", "some password of it")
        if number:
            self.gate_.cli("user", "delete", f"new-{number - 1}")

    def rotate(self, number):
        """Side by side with the key before it; the one before that is gone."""
        new = Pair(f"k-{number + 1}", "EdDSA" if number % 2 else "ES256")
        self.way.document = key_set(self.pair, new)
        self.gate_.cli("keys", "refresh")
        self.eventually(lambda: self.code(self.broker_, username="x", password=new.token()) == 0, "the new key came")
        self.pair, self.rotations = new, self.rotations + 1
        self.fill()

    def renew(self, fleet, name):
        token = self.pair.token(name, exp=int(time.time()) + LIFE)
        fleet.send(name, raw_mqtt.packet(raw_mqtt.PUBLISH, 0, raw_mqtt._field(RENEW) + token.encode()))

    def burst(self):
        with Storm(self.choose, rate=600) as burst:
            time.sleep(2)
        return burst.answers

    def live(self, fleet):
        began = time.monotonic()
        names = list(fleet.sockets)
        every = {"reload": (10, self.reload), "users": (15, self.change_users), "rotate": (20, self.rotate)}
        done = dict.fromkeys(every, 0)
        next_sample, next_burst, turn, samples, read = SAMPLE, 30.0, 0, [], 0
        renewals = 0
        with Storm(self.choose, rate=50) as storm:
            while (now := time.monotonic() - began) < MINUTES * 60:
                fleet.step(0.02)
                # Each device renews three times in a token's life.
                while renewals < now * DEVICES * 3 / LIFE:
                    self.renew(fleet, names[renewals % DEVICES])
                    renewals += 1
                for name, (seconds, act) in every.items():
                    if now >= (done[name] + 1) * seconds:
                        act(done[name])
                        done[name] += 1
                if now >= next_burst:
                    self.judge(self.burst())
                    next_burst += 60
                    turn += 1
                if now >= next_sample:
                    fresh = storm.answers[read:]
                    read += len(fresh)
                    times = sorted(one.seconds for one in fresh if one.kind == "good")
                    samples.append({"at": now, **self.facts(self.broker_), "p99": times[int(len(times) * 0.99)] * 1000 if times else None})
                    self.assertEqual(fleet.gone_at, {}, f"after {now:.0f} s devices were sent away:\n{self.broker_.log()[-2000:]}")
                    next_sample = max(next_sample + SAMPLE, now)
        self.judge(storm.answers)
        return samples, {**done, "bursts": turn, "renewals": renewals, "connects": len(storm.answers)}

    def judge(self, answers):
        self.assertEqual({one.code for one in answers if one.kind == "good"}, {0}, "the good come in, always")
        self.assertNotIn(0, {one.code for one in answers if one.kind == "bad"})

    def test_an_hour_of_storms_reloads_rotations_and_renewals_leaves_a_broker_as_it_was(self):
        self.start_house()
        with Fleet(self.broker_.port) as fleet:
            fleet.connect([(f"d-{n}", self.pair.token(f"d-{n}", exp=int(time.time()) + 2 * LIFE)) for n in range(DEVICES)])
            samples, done = self.live(fleet)
        self.keep(samples, done)
        # Warm after a minute; from then on what it holds is what it held.
        warm = [one for one in samples if one["at"] > min(60, MINUTES * 15)]
        first, last = warm[: len(warm) // 3], warm[-len(warm) // 3 :]
        at = {name: (statistics.median(one[name] for one in first), statistics.median(one[name] for one in last)) for name in ("memory", "descriptors", "threads")}
        self.assertLess(at["memory"][1] - at["memory"][0], 4 + at["memory"][0] * 0.1, f"MiB: {at}")
        self.assertLessEqual(abs(at["descriptors"][1] - at["descriptors"][0]), 4, at)
        self.assertEqual(*at["threads"], at)
        self.assertGreater(done["rotate"], MINUTES)
        self.assertIn("sallyport_renewals_total", self.gate_.cli("metrics"))

    def keep(self, samples, done):
        spec = importlib.util.spec_from_file_location("sallyport_svg", machine.ROOT / "bench" / "harness" / "svg.py")
        svg = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(svg)
        out = machine.ROOT / "build"
        (out / "soak.json").write_text(json.dumps({"minutes": MINUTES, "done": done, "samples": samples}, indent=1) + "\n")
        rows = {f"{name}, {unit}".rstrip(", "): [(one["at"] / 60, one[name]) for one in samples if one[name] is not None]
                for name, unit in (("memory", "MiB"), ("descriptors", ""), ("threads", ""), ("p99", "ms"))}  # fmt: skip
        (out / "soak.svg").write_text(svg.over_time(f"{MINUTES:g} minutes of storms, reloads, rotations and renewals", rows), encoding="utf-8")


if __name__ == "__main__":
    import unittest

    unittest.main()
