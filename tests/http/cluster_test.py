"""Two nodes beside one PostgreSQL: what changes is in force on both, and neither stops when the database does."""

import concurrent.futures
import signal
import sqlite3
import time
import unittest

from harness import machine, postgres, tokens
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

    def node(self, http=""):
        settings = f'[store]\nurl = "{self.database.url}"\n[jwt]\nsecret = "{tokens.KEY}"\nnot_a_token = "ignore"\n'
        return self.daemon(settings=settings, store=False, http=http)

    def verdict(self, node, password="right horse", name="ann"):
        return node.post_json("/v1/decide", {"username": name, "password": password}).json["verdict"]

    # -- admissions

    def user(self, node, client, token, name="alice"):
        return node.post_form("/rabbitmq/user", username=name, vhost="/", client_id=client, password=token).text

    def vhost(self, node, client, name="alice"):
        return node.post_form("/rabbitmq/vhost", username=name, vhost="/", ip="127.0.0.1", tags="", client_id=client).text

    def publish(self, node, client, topic, name="alice"):
        fields = dict(username=name, vhost="/", resource="topic", name="amq.topic", permission="write", tags="", routing_key=topic)
        return node.post_form("/rabbitmq/topic", **fields, **{"variable_map.client_id": client}).text

    def test_who_one_node_let_in_the_next_knows_a_moment_later(self):
        one, two = self.node(), self.node()
        for i in range(100):
            client = f"next-{i}"
            self.assertEqual(self.user(one, client, tokens.good("alice")), "allow")
            self.assertEqual(self.vhost(two, client), "allow", client)
            self.assertEqual(self.vhost(two, client + "x"), "deny")
        self.assertGreater(one.metric("sallyport_http_held_answers_total"), 0)
        self.assertEqual(one.metric("sallyport_admissions_unstored"), 0)

    def test_his_rights_go_with_him_and_end_with_his_token(self):
        one, two = self.node(), self.node()
        token = tokens.hs({"sub": "alice", "exp": int(time.time()) + 3, "acl": {"pub": ["own/#"]}})
        self.assertEqual(self.user(one, "rights", token), "allow")
        self.assertEqual(self.publish(two, "rights", "own.a"), "allow")
        self.assertEqual(self.publish(two, "rights", "other.a"), self.publish(one, "rights", "other.a"))
        self.eventually(lambda: self.vhost(two, "rights") == "deny", seconds=5)
        self.eventually(lambda: self.vhost(one, "rights") == "deny", seconds=5)

    def test_whom_an_operator_ends_at_one_node_the_next_does_not_know_either(self):
        one, two = self.node(http='control_socket = "daemon.sock"\n'), self.node()
        for client in ("over", "stays"):
            self.assertEqual(self.user(one, client, tokens.good("alice")), "allow")
            self.assertEqual(self.vhost(two, client), "allow")
        self.assertEqual(one.gate.cli_json("session", "end", "--where", "client_id=over", "--yes")["ending"], 1)
        self.eventually(lambda: self.vhost(one, "over") == "deny")
        self.eventually(lambda: self.vhost(two, "over") == "deny")
        self.assertEqual([self.vhost(one, "stays"), self.vhost(two, "stays")], ["allow", "allow"])
        self.assertEqual(self.user(two, "over", tokens.good("alice")), "allow")
        self.eventually(lambda: self.vhost(one, "over") == "allow")

    def test_a_failed_attempt_at_another_node_changes_nothing(self):
        one, two = self.node(), self.node()
        self.assertEqual(self.user(one, "firm", tokens.good("alice")), "allow")
        for bad in (tokens.changed(tokens.good("alice")), "", "no token"):
            self.assertEqual(self.user(two, "firm", bad), "deny")
        self.assertEqual([self.vhost(one, "firm"), self.vhost(two, "firm")], ["allow", "allow"])

    def test_who_comes_back_at_another_node_has_his_new_rights_at_the_first_too(self):
        one, two = self.node(), self.node()
        rights = lambda topic: tokens.hs({"sub": "alice", "exp": int(time.time()) + 600, "acl": {"pub": [topic]}})
        self.assertEqual(self.user(one, "moved", rights("old/#")), "allow")
        self.assertEqual(self.publish(one, "moved", "old.a"), "allow")
        self.assertEqual(self.user(two, "moved", rights("new/#")), "allow")
        self.eventually(lambda: self.publish(one, "moved", "new.a") == "allow", seconds=2)
        self.assertEqual(self.publish(one, "moved", "old.a"), self.publish(two, "moved", "old.a"))

    def test_a_node_that_was_killed_knows_its_clients_when_it_is_back(self):
        one = self.node()
        self.assertEqual(self.user(one, "back", tokens.good("alice")), "allow")
        # An answer waits half a second for the store, and on a busy machine leaves before it.
        self.eventually(lambda: one.metric("sallyport_admissions_unstored") == 0)
        one.kill()
        one.start()
        self.eventually(lambda: self.vhost(one, "back") == "allow", "a node forgot whom it had stored")

    def test_a_revocation_and_a_block_end_him_on_the_node_that_never_saw_his_token_too(self):
        one, two = self.node(), self.node()
        gate = Gate(f'[store]\nurl = "{self.database.url}"\n', store=False, control=False)
        for client, words in (("by-jti", ("revoke", "add", "--jti", "by-jti")), ("by-block", ("block", "add", "--client-id", "by-block"))):
            self.assertEqual(self.user(one, client, tokens.good("alice", jti=client)), "allow")
            self.assertEqual(self.vhost(two, client), "allow")
            gate.cli(*words)
            self.eventually(lambda: self.vhost(one, client) == "deny", seconds=2)
            self.eventually(lambda: self.vhost(two, client) == "deny", seconds=2)
        self.assertEqual(self.user(two, "another", tokens.good("alice", jti="another")), "allow")

    def test_with_the_store_away_a_node_serves_what_it_admitted_itself_and_hands_it_on_later(self):
        one, two = self.node(), self.node()
        self.assertEqual(self.user(one, "before", tokens.good("alice")), "allow")
        self.database.stop(signal.SIGQUIT)
        try:
            self.assertEqual(self.vhost(one, "before"), "allow")
            slow = 0
            for i in range(20):
                began = time.monotonic()
                self.assertEqual(self.user(one, f"alone-{i}", tokens.good("alice")), "allow")
                slow += time.monotonic() - began > 0.3
                self.assertEqual(self.vhost(one, f"alone-{i}"), "allow")
            self.assertLessEqual(slow, 2)  # nobody waits for a store that is known to be away
            self.assertEqual(self.vhost(two, "alone-0"), "deny")
            degraded = lambda: "does not take admissions" in one.ask("GET", "/health/ready").text
            self.eventually(degraded)
            self.assertEqual(one.ask("GET", "/health/ready").status, 200)
        finally:
            self.database.start()
        self.eventually(lambda: self.vhost(two, "alone-19") == "allow", seconds=5)
        self.eventually(lambda: not degraded())

    def test_nothing_of_a_client_is_readable_in_the_store(self):
        one = self.node()
        token = tokens.good("canary-user")
        self.assertEqual(self.user(one, "canary-client", token, name="canary-name"), "allow")
        rows = self.database.sql("SELECT encode(key, 'escape') || encode(record, 'escape') FROM sallyport_admissions")
        self.assertNotIn("canary-name", rows)
        self.assertNotIn(token, rows)

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
        # Looked at seldom: each look is a wrong guess, and after ten of them one a second is judged.
        both = lambda: self.verdict(one) == "allow" and self.verdict(two) == "allow"
        self.assertTrue(machine.wait_until(both, 10, step=0.15), one.log())
        self.assertLess(time.monotonic() - began, 1.0)
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

    def test_more_users_than_memory_are_fetched_when_they_come_and_follow_changes_like_all(self):
        self.node()  # makes the tables
        self.put_user("seed")
        self.database.sql(
            "BEGIN; UPDATE sallyport_meta SET sequence = sequence + 1; INSERT INTO sallyport_users (username, hash, enabled, is_superuser, seq)"
            f" SELECT convert_to('many-' || n, 'UTF8'), '{self.hash}', true, false, sequence FROM generate_series(1, 5000) n, sallyport_meta; COMMIT"
        )
        self.addCleanup(lambda: self.database.sql("DELETE FROM sallyport_users WHERE substring(username from 1 for 5) = 'many-'; UPDATE sallyport_meta SET sequence = sequence + 1, oldest = sequence + 1"))
        settings = f'[store]\nurl = "{self.database.url}"\nusers_in_memory = 1000\n[jwt]\nsecret = "{tokens.KEY}"\nnot_a_token = "ignore"\n'
        node = self.daemon(settings=settings, store=False)
        self.assertEqual(node.metric("sallyport_users_bounded"), 1)
        for n in range(1, 5001, 250):
            self.assertEqual(self.verdict(node, name=f"many-{n}"), "allow")
            self.assertEqual(self.verdict(node, "wrong", name=f"many-{n}"), "deny")
            self.assertEqual(self.verdict(node, name=f"nobody-{n}"), "deny")
        token = node.post_json("/v1/decide", {"username": "many-7", "password": tokens.good("a")}).json
        self.assertEqual(token["verdict"], "deny")  # no token saves a name that is a user's
        fetched = node.metric("sallyport_users_fetched_total")
        self.assertGreaterEqual(fetched, 41)
        self.verdict(node, name="many-1")
        self.assertEqual(node.metric("sallyport_users_fetched_total"), fetched)
        # Many at once: held, all of them, and none refused.
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            verdicts = list(pool.map(lambda n: self.verdict(node, name=f"many-{n}"), range(2, 2002)))
        self.assertEqual(set(verdicts), {"allow"})
        self.assertLessEqual(node.metric("sallyport_users"), 1000)
        # Who is not in memory changes like everybody.
        self.put_user("many-4999", "false")
        self.eventually(lambda: self.verdict(node, name="many-4999") == "deny", seconds=2)
        self.assertEqual(self.verdict(node, name="many-3"), "allow")
        self.database.stop(signal.SIGQUIT)
        try:
            self.eventually(lambda: node.ask("GET", "/health/ready").json["degraded"])
            self.assertEqual(self.verdict(node, name="many-3"), "allow")
            began = time.monotonic()
            self.assertEqual(self.verdict(node, name="many-4321"), "unavailable")
            self.assertLess(time.monotonic() - began, 1)
        finally:
            self.database.start()
        self.eventually(lambda: self.verdict(node, name="many-4321") == "allow")

    def test_a_password_in_the_url_is_refused(self):
        daemon = Daemon(settings='[store]\nurl = "postgres://a:b@localhost/x"\n', store=False).start(code=3)
        self.assertIn("the store's url holds a password", daemon.log())
