"""What was acknowledged is there, whoever is killed the moment after: the writer, PostgreSQL, or both."""

import os
import random
import subprocess
import threading
import time
import unittest

from harness import machine, postgres
from harness.daemon import DaemonCase
from harness.gate import Gate

ROUNDS = 20 if os.environ.get("SALLYPORT_TEST_ALL") else 3


@unittest.skipUnless(postgres.programs(), "PostgreSQL is not installed")
class Durable(DaemonCase):
    def setUp(self):
        self.database = postgres.Postgres().start("fsync=on")
        self.addCleanup(self.database.remove)
        settings = f'[store]\nurl = "{self.database.url}"\n'
        self.gate = Gate(settings, store=False, control=False)
        self.gate.cli("store", "migrate")
        self.node = self.daemon(settings=settings, store=False)

    def write_on(self, number, acknowledged, stop, writers):
        """Adds users one after another; a name is acknowledged when its command says that it is done."""
        count = 0
        while not stop.is_set():
            name = f"r{number}-{count}"
            count += 1
            command = [str(machine.SALLYPORT), "user", "add", name, "--generate", "--config", str(self.gate.file)]
            writer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            writers.append(writer)
            if writer.wait() == 0:
                acknowledged.append(name)
            writers.remove(writer)

    def test_every_change_that_was_acknowledged_survives_the_kill(self):
        seed = int.from_bytes(os.urandom(4), "big")
        random.seed(seed)
        kept = []
        for number in range(ROUNDS):
            acknowledged, writers, stop = [], [], threading.Event()
            thread = threading.Thread(target=self.write_on, args=(number, acknowledged, stop, writers))
            thread.start()
            machine.wait_until(lambda: len(acknowledged) >= 2, 20)
            time.sleep(random.random() * 0.2)
            victim = ("writer", "database", "both")[number % 3]
            stop.set()
            if victim in ("writer", "both"):
                for writer in list(writers):
                    writer.kill()
            if victim in ("database", "both"):
                self.database.kill()
            thread.join()
            if victim in ("database", "both"):
                if number % 2:
                    self.node.kill()
                self.database.start()
                if number % 2:
                    self.node.start()
            self.assertGreaterEqual(len(acknowledged), 2)
            kept += acknowledged
            there = set(self.database.sql("SELECT convert_from(username, 'UTF8') FROM sallyport_users").split("\n"))
            self.assertEqual([name for name in kept if name not in there], [], f"lost in round {number}, {victim}, seed {seed}")
        self.eventually(lambda: self.node.metric("sallyport_users") >= len(kept))
        self.assertIn("sound", self.gate.cli("store", "check"))
