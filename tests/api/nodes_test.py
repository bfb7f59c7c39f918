"""One console at several nodes: administrators, sessions, activity and kept decisions are in PostgreSQL."""

import signal
import time
import unittest

from harness import postgres, tokens
from harness.console import ConsoleCase

JWT = f'[jwt]\nsecret = "{tokens.KEY}"\n[audit]\nkeep = "1d"\n'


@unittest.skipUnless(postgres.programs(), "PostgreSQL is not installed")
class NodesTest(ConsoleCase):
    def setUp(self):
        self.database = postgres.Postgres().start()
        self.addCleanup(self.database.remove)
        self.one = self.console(settings=JWT, database=self.database.url)
        self.two = self.console(settings=JWT, database=self.database.url)

    def at_two(self, seat):
        """The same browser, sent to the other node."""
        other = self.two.seat()
        other.cookie, other.csrf, other.token = seat.cookie, seat.csrf, seat.token
        return other

    def decide(self, desk, client_id, password):
        return desk.daemon.post_json("/v1/decide", {"clientid": client_id, "username": "u", "password": password}).json["reason"]

    def kept(self, seat):
        return [d["client_id"] for d in seat.get("/decisions?limit=100").json.get("items", [])]  # none while the database is away

    def test_who_signed_in_at_one_node_is_signed_in_at_all(self):
        late = self.two.link().split("#/welcome/")[1]
        ada = self.one.first("ada")
        self.assertEqual(self.at_two(ada).get("/session").json["name"], "ada")
        # The other node's link for a first administrator leads nowhere any more.
        reply = self.two.seat().post("/session/first", {"invitation": late, "name": "eve", "password": "four words nobody guesses"})
        self.assertStatus(reply, 401, "wrong_credentials")
        self.one.colleague(ada, "bob", "viewer")
        bob = self.two.seat()
        self.assertStatus(bob.sign_in("bob"), 200)
        made = ada.post("/api-tokens", {"name": "ci", "role": "viewer", "ends_at": int(time.time()) + 600})
        self.assertStatus(made, 201)
        ci = self.two.seat()
        ci.token = made.json["token"]
        self.assertStatus(ci.get("/overview"), 200)
        # What is taken away at one node is gone at the other with the answer.
        self.assertStatus(self.at_two(ada).delete("/administrators/bob"), 204)
        back = self.one.seat()
        back.cookie, back.csrf = bob.cookie, bob.csrf
        self.assertStatus(back.get("/overview"), 401)
        self.assertStatus(self.at_two(ada).delete("/session"), 204)
        self.assertStatus(ada.get("/overview"), 401)

    def test_administrators_of_one_node_move_into_the_store_of_many_and_back(self):
        old = self.console()
        ada = old.first("ada")
        old.colleague(ada, "bob", "viewer")
        self.assertEqual(old.daemon.stop(), 0)
        self.database.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        old.daemon.gate.cli("store", "migrate", "--to", self.database.url)
        new = self.console(settings=JWT, database=self.database.url)
        seat = new.seat()
        self.assertStatus(seat.sign_in("ada"), 200)
        self.assertEqual([a["name"] for a in seat.get("/administrators").json["items"]], ["ada", "bob"])
        self.assertIn("addAdministrator", [a["what"] for a in seat.get("/activity").json["items"]])
        file = old.folder / "everything.jsonl"
        new.daemon.gate.cli("store", "export", "--output", file)
        back = self.console()
        self.assertEqual(back.daemon.stop(), 0)
        for name in ("store.db", "console.db"):
            for one in back.folder.glob(name + "*"):
                one.unlink()
        back.daemon.gate.cli("store", "import", file)
        back.start()
        self.assertStatus(back.seat().sign_in("bob"), 200)

    def test_each_node_shows_what_administrators_did_at_the_other_and_whom_it_refused(self):
        ada = self.one.first("ada")
        self.one.colleague(ada, "bob", "viewer")
        there = self.at_two(ada)
        self.assertIn("addAdministrator", [a["what"] for a in there.get("/activity").json["items"]])
        self.decide(self.one, "meter-1", tokens.good())
        self.decide(self.two, "meter-2", tokens.expired())
        for seat in (ada, there):
            self.eventually(lambda: sorted(self.kept(seat)) == ["meter-1", "meter-2"], "a node does not show the other's", 5)

    def test_with_the_database_away_decisions_go_on_and_are_kept_when_it_is_back(self):
        ada = self.one.first("ada")
        made = ada.post("/api-tokens", {"name": "ci", "role": "viewer", "ends_at": int(time.time()) + 600})
        self.decide(self.one, "before", tokens.good())
        self.eventually(lambda: self.kept(ada) == ["before"], "it was not kept", 5)
        self.database.sql("CHECKPOINT")  # kept decisions are not waited for: a crash may take the last moments
        self.database.stop(signal.SIGQUIT)
        self.assertEqual(self.decide(self.one, "meanwhile", tokens.good()), "token_ok")
        self.eventually(lambda: "decisions cannot be kept" in self.one.daemon.log(), "it does not say so")
        # Who asks cannot be looked up, which is not to say that he is nobody: a page must not sign him out.
        token = self.one.seat()
        token.token = made.json["token"]
        for seat in (ada, token):
            reply = seat.get("/overview")
            self.assertStatus(reply, 503, "unavailable")
        self.assertStatus(self.one.seat().get("/overview"), 401, "not_signed_in")
        self.database.start()
        self.eventually(lambda: ada.get("/session").status == 200, "the console did not come back")
        # A question that finds a connection of before is asked once more: nobody sees the loss.
        self.assertEqual(ada.get("/decisions?limit=100").status, 200)
        self.eventually(lambda: self.kept(ada) == ["meanwhile", "before"], "what was decided meanwhile is lost")
        self.assertEqual(self.one.daemon.metric("sallyport_audit_dropped_total"), 0)
        # More than memory holds: what is lost is counted, and said.
        self.database.stop(signal.SIGQUIT)
        for i in range(1200):
            self.decide(self.one, f"storm-{i}", tokens.good())
        self.database.start()
        dropped = self.eventually(lambda: self.one.daemon.metric("sallyport_audit_dropped_total"), "nothing was counted")
        self.eventually(lambda: f"{dropped:.0f} decisions were made and not kept" in self.one.daemon.log(), "it was not said")
        self.assertEqual(dropped + self.one.daemon.metric("sallyport_audit_written_total"), 1202)
