"""kill -9 at random moments: what was answered is there, what was not is there whole or not at all.

SALLYPORT_TORTURE says how many rounds (20; `make torture`: 500); SALLYPORT_SEED repeats a run.
"""

import os
import random
import signal
import sqlite3
import subprocess
import time

from harness import key_server as ks
from harness import machine, tokens
from harness.case import V5, BrokerCase, raw_mqtt
from harness.keys import Pair, key_set

ROUNDS = int(os.environ.get("SALLYPORT_TORTURE", "20"))
SEED = int(os.environ.get("SALLYPORT_SEED", str(int(time.time()))))


class Torture(BrokerCase):
    def setUp(self):
        self.dice = random.Random(SEED)
        print(f"        torture: {ROUNDS} rounds, SALLYPORT_SEED={SEED}", flush=True)

    def spawn(self, gate, *words, stdin=None):
        process = subprocess.Popen(
            [str(machine.SALLYPORT), *map(str, words), "--config", str(gate.file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if stdin is not None:
            process.stdin.write(stdin)
        process.stdin.close()
        return process

    def kill_within(self, process, seconds):
        """Whether it had ended well before it was killed, somewhere within `seconds`."""
        try:
            process.wait(self.dice.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()
        return process.returncode == 0

    def names(self, gate):
        return {user["username"] for user in gate.cli_json("user", "list", "--limit", "1000000")["users"]}

    def assertSound(self, gate):
        with sqlite3.connect(gate.store_file) as store:
            self.assertEqual(store.execute("pragma integrity_check").fetchone()[0], "ok")

    def how_long(self, gate, *words, stdin=None):
        started = time.monotonic()
        process = self.spawn(gate, *words, stdin=stdin)
        process.wait()
        process.stdout.close()
        process.stderr.close()
        return time.monotonic() - started

    def test_an_import_is_there_whole_or_not_at_all(self):
        rows = 3000
        files = []
        probe = self.gate()
        for n in range(ROUNDS):
            file = probe.folder / f"{n}.csv"
            file.write_text(
                "username,password_hash,salt\n" + "".join(f"r{n}-{i},{'0' * 64},s\n" for i in range(rows))
            )
            files.append(file)
        options = ("--hash", "sha256", "--salt-position", "suffix")
        took = self.how_long(probe, "user", "import", files[0], *options)
        gate, expected, cut = self.gate(), 0, 0
        self.assertEqual(len(self.names(probe)), rows)
        for file in files:
            done = self.kill_within(self.spawn(gate, "user", "import", file, *options), took * 1.2)
            cut += not done
            if not gate.store_file.exists():
                continue
            count = len(self.names(gate))
            self.assertIn(count, (expected, expected + rows) if not done else (expected + rows,))
            expected = count
            self.assertSound(gate)
        self.assertGreater(cut, 0, "nothing was ever cut short")
        leftovers = {p.name for p in gate.folder.iterdir()} - {"store.db", "store.db-wal", "store.db-shm", "sallyport.toml", "control.sock"}
        self.assertEqual(leftovers, set())

    def test_a_change_that_was_answered_is_there(self):
        gate = self.gate()
        gate.add_user("ann", "password of nobody yet")
        took = self.how_long(gate, "user", "add", "first", "--password-stdin", stdin="a horse battery\n")
        known = self.names(gate)
        self.assertEqual(known, {"ann", "first"})
        for n in range(ROUNDS):
            name = f"u{n}"
            done = self.kill_within(self.spawn(gate, "user", "add", name, "--password-stdin", stdin="a horse battery\n"), took * 1.2)
            now = self.names(gate)
            self.assertEqual(now - {name}, known)
            if done:
                self.assertIn(name, now)
            known = now
        self.assertSound(gate)

    def test_the_first_start_of_a_store_is_cut_anywhere(self):
        for _ in range(ROUNDS):
            gate = self.gate()
            self.kill_within(self.spawn(gate, "user", "add", "ann", "--password-stdin", stdin="a horse battery\n"), 0.05)
            gate.run("user", "delete", "ann", "--config", gate.file)
            gate.add_user("ann", "a horse battery")
            self.assertEqual(self.names(gate), {"ann"})
            self.assertSound(gate)

    def test_a_broker_killed_in_a_rotation_starts_with_keys_that_it_had(self):
        old, new = Pair("old"), Pair("new")
        gate = self.gate("")
        certificates = ks.Certificates(gate.folder)
        way = ks.Way(certificates)
        self.addCleanup(way.stop)
        way.document = key_set(old)
        gate.write(
            f'[jwt]\njwks_url = "{way.url}"\njwks_ca_file = "{certificates.file}"\njwks_cooldown = "1s"\njwks_timeout = "2s"\naudience = "mqtt"\n'
        )
        from harness.broker import Broker

        def connect(broker, pair):
            return raw_mqtt.connack(broker.port, V5, client_id="c", username="x", password=pair.token(aud="mqtt"))

        broker = Broker(gate)
        broker.start()
        self.eventually(lambda: connect(broker, old) == 0)
        for n in range(max(3, ROUNDS // 4)):
            way.document = key_set(new) if n % 2 == 0 else key_set(old, new)
            gate.run("keys", "refresh", "--config", gate.file)
            time.sleep(self.dice.uniform(0, 0.05))  # the moment of the kill is the dice's, not something awaited
            broker.process.send_signal(signal.SIGKILL)
            broker.process.wait()
            broker.process = None
            way.close()
            broker = Broker(gate)
            broker.start()
            # The key server is away: what it starts with is a set that once was whole.
            self.assertIn(0, (connect(broker, old), connect(broker, new)))
            stranger = Pair("new")
            self.assertNotEqual(connect(broker, stranger), 0)
            way.open()
        self.assertEqual(broker.stop(), 0)


if __name__ == "__main__":
    import unittest

    unittest.main()
