"""Three nodes behind HAProxy: what fails while 200 clients a second connect, and what they see of it.

With SALLYPORT_WRITE_TABLE the outcome goes into docs/cluster.md, as `make test-all` shows it.
"""

import os
import threading
import time
import unittest

from harness import cluster, machine, postgres
from harness.gate import Gate

ALL = bool(os.environ.get("SALLYPORT_TEST_ALL"))
RATE = 200
BEFORE, AWAY, AFTER = (2.0, 5.0, 6.0) if ALL else (1.0, 2.5, 3.0)


class Changes:
    """An administrator who adds users, one after another; those that were acknowledged."""

    def __init__(self, fleet):
        self.fleet, self.acknowledged, self.stopped, self.count = fleet, [], threading.Event(), 0
        url = fleet.nodes[0].gate.text(fleet.nodes[0].gate.settings).split('url = "')[1].split('"')[0]
        self.gate = Gate(f'[store]\nurl = "{url}"\n', store=False, control=False)
        self.thread = threading.Thread(target=self.go_on)

    def add(self, name):
        words = [str(machine.SALLYPORT), "user", "add", name, "--password-stdin", "--config", str(self.gate.file)]
        return self.fleet.inside(words, input="right horse battery\n").returncode == 0

    def go_on(self):
        while not self.stopped.is_set():
            self.count += 1
            name = f"user-{self.count}"
            if self.add(name):
                self.acknowledged.append(name)
            time.sleep(0.1)


@unittest.skipUnless(postgres.programs(), "PostgreSQL is not installed")
@unittest.skipUnless(cluster.HAPROXY, "HAProxy is not installed")
class Failover(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = cluster.Cluster()
        try:
            cls.fleet.start()
        except BaseException:
            cls.fleet.remove()
            raise
        cls.rows = []
        cls.changes = Changes(cls.fleet)
        cls.changes.thread.start()

    @classmethod
    def tearDownClass(cls):
        cls.changes.stopped.set()
        cls.changes.thread.join()
        cls.fleet.remove()

    def storm_while(self, title, fail, mend):
        """One fault in the middle of a storm; the row of the table."""
        self.fleet.begin_storm(BEFORE + AWAY + AFTER, RATE)
        time.sleep(BEFORE)
        struck = time.monotonic()
        fail()
        time.sleep(AWAY)
        mend()
        mended = time.monotonic()
        in_force = self.seconds_until_a_change_is_in_force()
        seen = self.fleet.end_storm()
        late = sorted(took for _, took in seen["times"])
        self.assertGreater(len(late), RATE * (BEFORE + AWAY + AFTER) * 0.9, seen["failed"][:5])
        slowest, usual = late[-1], late[len(late) * 99 // 100]
        self.rows.append((title, seen["asked"], len(seen["wrong"]), len(seen["failed"]), usual, slowest, in_force))
        self.assertEqual(seen["wrong"], [], title)
        self.assertEqual(seen["failed"], [], title)
        self.assertLess(slowest, 2.0, title)
        self.assertLess(in_force, 2.0, f"{title}, mended {mended - struck:.1f} s after")

    def seconds_until_a_change_is_in_force(self):
        """From the moment that all is whole again: a change is taken, and holds on every node."""
        began = time.monotonic()
        name = f"mark-{len(self.rows)}"
        self.assertTrue(machine.wait_until(lambda: self.changes.add(name), 10, 0.05))
        for number in range(cluster.NODES):
            there = machine.wait_until(lambda: self.fleet.decide(number, name, "right horse battery") == "allow", 10, 0.02)
            self.assertTrue(there, f"node {number}: {self.fleet.decide(number, name, 'right horse battery')}")
        return time.monotonic() - began

    def kill_node(self, number):
        return lambda: self.fleet.nodes[number].kill()

    def start_node(self, number):
        return lambda: self.fleet.nodes[number].start()

    def nodes_to_try(self):
        return range(cluster.NODES) if ALL else range(1)

    def test_1_a_node_is_killed(self):
        for i in self.nodes_to_try():
            self.storm_while(f"node {i + 1} is killed and started again", self.kill_node(i), self.start_node(i))

    def test_2_postgresql_is_killed(self):
        self.storm_while("PostgreSQL is killed and started again", self.fleet.database.kill, self.fleet.database.start)

    def test_3_the_network_between_a_node_and_postgresql_is_cut(self):
        if not self.fleet.network:
            self.skipTest("network namespaces cannot be made here")
        net = self.fleet.network
        for i in self.nodes_to_try():
            self.storm_while(f"the network between node {i + 1} and PostgreSQL is cut", lambda: net.cut("d", i), lambda: net.mend("d", i))

    def test_4_the_network_between_a_node_and_haproxy_is_cut(self):
        if not self.fleet.network:
            self.skipTest("network namespaces cannot be made here")
        net = self.fleet.network
        for i in self.nodes_to_try():
            self.storm_while(f"the network between HAProxy and node {i + 1} is cut", lambda: net.cut("q", i), lambda: net.mend("q", i))

    def test_5_no_change_that_was_acknowledged_is_lost(self):
        self.changes.stopped.set()
        self.changes.thread.join()
        self.assertGreater(len(self.changes.acknowledged), 10)
        there = set(self.fleet.database.sql("SELECT convert_from(username, 'UTF8') FROM sallyport_users").split("\n"))
        self.assertEqual([name for name in self.changes.acknowledged if name not in there], [])
        for number in range(cluster.NODES):
            for name in self.changes.acknowledged[-5:]:
                self.assertEqual(self.fleet.decide(number, name, "right horse battery"), "allow")

    def test_6_the_table(self):
        lines = [f"| what fails for {AWAY:.0f} s, at {RATE} connects a second | connects | wrong answers | unanswered | 99 % within | slowest | a change holds on all nodes after |"]
        lines.append("|---|---|---|---|---|---|---|")
        for title, asked, wrong, failed, usual, slowest, in_force in self.rows:
            lines.append(f"| {title} | {asked} | {wrong} | {failed} | {usual * 1000:.0f} ms | {slowest:.2f} s | {in_force:.2f} s |")
        lines.append(f"\nChanges acknowledged meanwhile: {len(self.changes.acknowledged)}; lost: none. All of it ran on {os.cpu_count()} cores.")
        table = "\n".join(lines)
        print(table)
        self.assertGreaterEqual(len(self.rows), 2)
        page = machine.ROOT / "docs" / "cluster.md"
        text = page.read_text()
        begin, end = text.index("<!-- failover -->") + len("<!-- failover -->\n"), text.index("<!-- /failover -->")
        self.assertIn("| PostgreSQL is killed and started again |", text[begin:end])
        if os.environ.get("SALLYPORT_WRITE_TABLE"):
            page.write_text(text[:begin] + table + "\n" + text[end:])
