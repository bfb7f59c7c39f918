"""Two nodes beside one PostgreSQL: what changes is in force on both, and neither stops when the database does."""

import signal
import sqlite3
import time
import unittest

from harness import postgres, tokens
from harness.daemon import Daemon, DaemonCase
from harness.gate import Gate


def hash_of(password):
    """As the command line makes it."""
    gate = Gate()
    gate.add_user("x", password)
    with sqlite3.connect(gate.store_file) as db:
        return db.execute("SELECT hash FROM users").fetchone()[0]


@unittest.skipUnless(postgres.programs(), "PostgreSQL is not installed")
class Cluster(DaemonCase):
    @classmethod
    def setUpClass(cls):
        cls.database = postgres.Postgres().start()
        cls.hash = hash_of("right horse")

    @classmethod
    def tearDownClass(cls):
        cls.database.remove()

    def node(self):
        settings = f'[store]\nurl = "{self.database.url}"\n[jwt]\nsecret = "{tokens.KEY}"\nnot_a_token = "ignore"\n'
        return self.daemon(settings=settings, store=False)

    def verdict(self, node, password="right horse", name="ann"):
        return node.post_json("/v1/decide", {"username": name, "password": password}).json["verdict"]

    def put_user(self, name, enabled="true"):
        self.database.sql(
            "BEGIN; UPDATE sallyport_meta SET sequence = sequence + 1;"
            f"INSERT INTO sallyport_users (username, hash, enabled, is_superuser, seq) SELECT '{name}', '{self.hash}', {enabled}, false, sequence FROM sallyport_meta"
            " ON CONFLICT (key) DO UPDATE SET enabled = excluded.enabled, seq = excluded.seq; COMMIT"
        )

    def test_a_change_is_in_force_on_both_within_a_second_and_decisions_go_on_without_the_database(self):
        # A node that only reads waits for tables; whoever writes first makes them.
        one, two = self.node(), self.node()
        self.assertEqual(self.verdict(one), "deny")
        from_scratch = self.database.sql("SELECT to_regclass('sallyport_meta') IS NULL")
        if from_scratch == "t":
            gate = Gate(f'[store]\nurl = "{self.database.url}"\n', store=False, control=False)
            gate.cli("user", "add", "seed", "--generate")
        self.put_user("ann")
        began = time.monotonic()
        self.eventually(lambda: self.verdict(one) == "allow" and self.verdict(two) == "allow", one.log())
        self.assertLess(time.monotonic() - began, 1.5)
        self.put_user("ann", "false")
        self.eventually(lambda: self.verdict(one) == "deny" and self.verdict(two) == "deny")
        self.put_user("ann")
        self.eventually(lambda: self.verdict(one) == "allow")

        self.database.stop(signal.SIGQUIT)
        time.sleep(1)
        for _ in range(20):
            self.assertEqual(self.verdict(one), "allow")
            self.assertEqual(self.verdict(one, "wrong"), "deny")
            self.assertEqual(one.post_json("/v1/decide", {"password": tokens.good("a")}).json["verdict"], "allow")
        self.eventually(lambda: one.ask("GET", "/health/ready").json["degraded"])
        self.assertEqual(one.ask("GET", "/health/ready").status, 200)

        self.database.start()
        self.put_user("bob")
        self.eventually(lambda: self.verdict(one, name="bob") == "allow" and self.verdict(two, name="bob") == "allow", one.log())
        self.eventually(lambda: not one.ask("GET", "/health/ready").json["degraded"])

    def test_a_node_that_starts_without_the_database_lets_nobody_in_and_comes_to(self):
        self.database.stop()
        node = self.node()
        self.assertEqual(self.verdict(node), "unavailable")
        self.assertEqual(node.ask("GET", "/health/ready").status, 503)
        self.database.start()
        self.eventually(lambda: node.ask("GET", "/health/ready").status == 200, node.log())
        self.eventually(lambda: self.verdict(node, "x", "nobody") == "deny")

    def test_a_password_in_the_url_is_refused(self):
        daemon = Daemon(settings='[store]\nurl = "postgres://a:b@localhost/x"\n', store=False).start(code=3)
        self.assertIn("the store's url holds a password", daemon.log())
