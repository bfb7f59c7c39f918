"""Decisions, live and kept, refused devices by cause, the device's page, and trying."""

import unittest

from harness import contract, postgres, tokens
from harness.console import ConsoleCase

JWT = f'[jwt]\nsecret = "{tokens.KEY}"\n'


class DecisionsTest(ConsoleCase):
    settings = JWT

    def setUp(self):
        self.desk = self.console(store_settings=self.settings)
        self.ada = self.desk.first("ada")

    def decide(self, client_id, password, username="u"):
        body = {"clientid": client_id, "username": username, "password": password, "peer": "192.0.2.7"}
        return self.desk.daemon.post_json("/v1/decide", body).json["reason"]

    def wait_for(self, n, query=""):
        self.eventually(lambda: len(self.ada.get(f"/decisions?limit=1000{query}").json["items"]) >= n, "they were not kept", 15)
        return self.ada.get(f"/decisions?limit=1000{query}").json

    def test_the_tail_follows_and_filters_find(self):
        for i in range(3):
            self.decide(f"meter-{i}", tokens.good())
        self.decide("meter-9", tokens.expired())
        found = self.wait_for(4)
        self.assertEqual(found["items"][0]["client_id"], "meter-9")
        self.decide("meter-10", tokens.good())
        self.eventually(lambda: self.ada.get(f"/decisions?newer_than={found['newest']}").json["items"], "the tail stood still", 15)
        fresh = self.ada.get(f"/decisions?newer_than={found['newest']}").json
        self.assertEqual([d["client_id"] for d in fresh["items"]], ["meter-10"])
        for query, ids in (
            ("&reason=expired", ["meter-9"]), ("&client_id=meter-1", ["meter-1"]), ("&verdict=deny", ["meter-9"]),
            ("&address=192.0.2.8", []), ("&search=ter-1", ["meter-10", "meter-1"]), ("&username=nobody", []),
        ):  # fmt: skip
            got = [d["client_id"] for d in self.ada.get(f"/decisions?limit=1000{query}").json["items"]]
            self.assertEqual(got, ids, query)
        page = self.ada.get("/decisions?limit=2").json
        rest = self.ada.get(f"/decisions?limit=10&cursor={page['next']}").json
        self.assertEqual(len(page["items"]) + len(rest["items"]), 5)
        self.assertIsNone(rest["next"])
        self.assertEqual(self.ada.get("/decisions?format=csv").text.count("\r\n"), 6)

    def test_one_decision_says_each_step_and_the_smallest_change(self):
        import time

        self.decide("meter-9", tokens.hs({"sub": "x", "exp": int(time.time()) - 1800}))
        found = self.wait_for(1)["items"][0]
        one = self.ada.get("/decisions/" + found["id"]).json
        self.assertEqual(one["reason"], "expired")
        self.assertTrue(one["mend"])
        self.assertEqual([s["passed"] for s in one["steps"]][-1], False)
        self.assertTrue(all(s["text"] for s in one["steps"]))
        self.assertEqual(one["setting"], "jwt.leeway")
        self.assertIn("a leeway of 180", one["smallest_change"][0])
        self.assertStatus(self.ada.get("/decisions/999999"), 404, "not_found")
        self.assertStatus(self.ada.get("/decisions/x"), 404, "not_found")

    def test_a_storm_is_a_few_lines_and_each_leads_to_its_devices(self):
        for i in range(20):
            self.decide(f"meter-{i:02}", tokens.expired())
            self.decide(f"pump-{i % 3}", tokens.changed(tokens.good()))
        self.wait_for(40)
        # What is kept is written behind.
        self.eventually(lambda: sum(c["decisions"] for c in self.ada.get("/refused").json["items"]) == 40, "they were not kept", 15)
        causes = self.ada.get("/refused").json["items"]
        self.assertEqual([(c["reason"], c["devices"], c["decisions"]) for c in causes], [("expired", 20, 20), ("bad_signature", 3, 20)])
        self.assertEqual(causes[1]["examples"], ["pump-0", "pump-1", "pump-2"])
        page = self.ada.get("/refused/expired?limit=15").json
        rest = self.ada.get(f"/refused/expired?limit=15&cursor={contract.quote(page['next'])}").json
        self.assertEqual([d["client_id"] for d in page["items"] + rest["items"]], [f"meter-{i:02}" for i in range(20)])
        self.assertEqual(self.ada.get("/refused/expired?search=meter-07").json["items"][0]["decisions"], 1)
        self.assertStatus(self.ada.get("/refused/no_such_reason"), 404)
        self.assertIn("expired", self.ada.get("/refused?format=csv").text)

    def test_a_device_has_a_page(self):
        import time

        self.decide("meter/7", tokens.good())
        self.decide("meter/7", tokens.hs({"sub": "x", "nbf": int(time.time()) + 500}))
        self.wait_for(2)
        # What is kept is written behind.
        path = "/devices/" + contract.quote("meter/7")
        self.eventually(lambda: len(self.ada.get(path).json.get("attempts", [])) == 2, "its attempts were not kept", 15)
        device = self.ada.get(path).json
        self.assertEqual([a["reason"] for a in device["attempts"]], ["not_yet_valid", "token_ok"])
        self.assertTrue(device["clock"]["known"])
        self.assertIn(device["clock"]["seconds"], range(495, 501))
        self.assertFalse(device["now_in"])
        self.assertEqual([e["how"] for e in device["endings"]], ["lost"])
        self.assertStatus(self.ada.get("/devices/nobody"), 404, "not_found")

    def test_the_overview_counts_and_says_how_each_process_does(self):
        self.decide("meter-1", tokens.good())
        self.decide("meter-1", tokens.expired())
        self.eventually(lambda: self.ada.get("/overview").json["totals"]["deny"] == 1, "it does not count", 15)
        seen = self.ada.get("/overview").json
        self.assertEqual(seen["totals"]["allow"], 1)
        self.assertTrue(seen["health"]["ready"])
        self.assertEqual([p["kind"] for p in seen["processes"]], ["daemon"])
        self.assertEqual(len(seen["series"]["allow"]), 360)
        chain = {a["name"]: a for a in self.ada.get("/authenticators").json["items"]}
        self.assertEqual((chain["jwt"]["allowed"], chain["jwt"]["denied"], chain["password"]["not_mine"]), (1, 1, 2))

    def test_a_key_says_who_came_in_with_it(self):
        self.decide("meter-1", tokens.good())
        self.wait_for(1)
        self.eventually(lambda: self.ada.get("/keys").json["local"][0]["decisions"] == 1, "it was not counted", 15)
        key = self.ada.get("/keys").json["local"][0]
        self.assertEqual((key["label"], key["decisions"]), ("secret", 1))
        use = self.ada.post("/keys/retire", {"label": "secret"}).json
        self.assertEqual((use["devices"], use["examples"]), (1, ["meter-1"]))
        self.assertStatus(self.ada.post("/keys/refresh", {}), 404)


class KeptDecisionsTest(DecisionsTest):
    """The same, kept on disk."""

    settings = JWT + '[audit]\nkeep = "1d"\n'

    def test_what_is_kept_outlives_a_restart_and_holds_no_token(self):
        token = tokens.good()
        self.decide("meter-1", token)
        self.assertTrue(self.wait_for(1)["kept"])
        self.assertEqual(self.desk.daemon.stop(), 0)
        self.desk.start()
        found = self.ada.get("/decisions").json
        self.assertEqual([d["client_id"] for d in found["items"]], ["meter-1"])
        for file in self.desk.folder.glob("audit.db*"):
            data = file.read_bytes()
            for part in token.split("."):
                self.assertNotIn(part.encode(), data)

    def test_what_is_too_old_goes(self):
        etag = self.ada.get("/settings").headers["etag"]
        self.decide("meter-1", tokens.good())
        self.wait_for(1)
        law = {"changes": {"audit.keep": "1s"}, "why": "short"}
        self.assertStatus(self.ada.post("/settings/revisions", law, headers=[f"if-match: {etag}"]), 201)

        def gone():
            self.decide("meter-2", tokens.good())
            return all(d["client_id"] != "meter-1" for d in self.ada.get("/decisions").json["items"])

        self.eventually(gone, "it is still there", 20)


@unittest.skipUnless(postgres.programs(), "PostgreSQL is not installed")
class SharedDecisionsTest(DecisionsTest):
    """The same, kept in PostgreSQL."""

    settings = JWT + '[audit]\nkeep = "1d"\n'

    @classmethod
    def setUpClass(cls):
        cls.database = postgres.Postgres().start()
        cls.addClassCleanup(cls.database.remove)

    def setUp(self):
        self.database.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        self.desk = self.console(store_settings=self.settings, database=self.database.url)
        self.ada = self.desk.first("ada")


class TryTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console(store_settings=JWT)
        self.ada = self.desk.first("ada")

    def attempt(self, token, changes=None, **more):
        body = {"attempt": {"client_id": "meter-7", "username": "u", "password": token}, **more}
        if changes is not None:
            body["changes"] = changes
        return self.ada.post("/try", body)

    def test_an_attempt_is_judged_by_the_law_and_by_a_draft_and_nothing_is_kept_of_it(self):
        token = tokens.good(aud="a")
        law = self.attempt(token).json
        self.assertEqual((law["verdict"], law["reason"], law["key"], law["revision"]), ("allow", "token_ok", "secret", 1))
        draft = self.attempt(token, {"jwt.audience": "b"}).json
        self.assertEqual((draft["verdict"], draft["reason"], draft["revision"]), ("deny", "audience_mismatch", None))
        self.assertTrue(draft["smallest_change"])
        self.assertEqual(self.attempt(token, {"jwt.secret": "e" * 40}).json["reason"], "bad_signature")
        self.assertStatus(self.attempt(token, {"jwt.leeway": "x"}), 422, "invalid")
        self.assertEqual(self.ada.get("/decisions").json["items"], [])
        self.assertEqual(self.ada.get("/overview").json["totals"]["allow"], 0)
        for part in token.split("."):
            self.assertNotIn(part, self.attempt(token).text)

    def test_time_can_be_another(self):
        self.assertEqual(self.attempt(tokens.good(), at=4_000_000_000).json["reason"], "expired")

    def test_a_user_is_judged_by_password(self):
        self.ada.post("/users", {"username": "u", "password": "right password"})
        self.eventually(lambda: self.attempt("right password").json["reason"] == "password_ok", seconds=2)
        self.assertEqual(self.attempt("wrong password").json["reason"], "wrong_password")

    def test_a_topic_says_which_rule_and_why(self):
        rules = [{"permission": "deny", "action": "publish", "topics": ["devices/%u/config"]},
                 {"permission": "allow", "action": "all", "topics": ["devices/%u/#"]}]  # fmt: skip
        changes = {"topic_rules": rules, "topics.no_match": "deny"}

        def ask(**fields):
            body = {"action": "publish", "topic": "devices/meter-7/temp", "principal": "meter-7", "client_id": "m", "changes": changes}
            return self.ada.post("/topics/test", {**body, **fields}).json

        self.assertEqual((ask()["answer"], ask()["by"], ask()["rule"]), ("allow", "rule", 1))
        self.assertEqual((ask(topic="devices/meter-7/config")["answer"], ask(topic="devices/meter-7/config")["rule"]), ("deny", 0))
        self.assertEqual((ask(topic="devices/other/temp")["answer"], ask(topic="devices/other/temp")["by"]), ("deny", "no_match"))
        self.assertEqual(ask(is_superuser=True, topic="x")["by"], "superuser")
        self.assertEqual(ask(topic="$SYS/x", changes={})["by"], "system_topic")


class IssuingTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console(store_settings="[password]\nenabled = true\n")
        self.ada = self.desk.first("ada")

    def test_only_a_marked_key_issues_and_no_longer_than_it_may(self):
        import subprocess

        key = self.desk.folder / "workshop.pem"
        key.write_text(subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], capture_output=True, text=True, check=True).stdout)
        key.chmod(0o600)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(self.ada.get("/issuing-keys").json["items"], [])
        order = {"key": "workshop", "lifetime": 60, "claims": {"client": "%c"}, "clients": [{"sub": "m1", "client_id": "m1"}, {"sub": "m2", "client_id": "m2"}]}
        self.assertStatus(self.ada.post("/issued-tokens", order), 404, "not_found")
        file = self.desk.daemon.gate.file
        file.write_text(file.read_text() + f'[[console.issuing]]\nname = "workshop"\nkey_file = "{key}"\nmax_lifetime = "1h"\n')
        self.assertEqual(self.desk.daemon.stop(), 0)
        self.desk.start()
        listed = self.ada.get("/issuing-keys").json["items"]
        self.assertEqual([(k["name"], k["algorithm"], k["max_lifetime"]) for k in listed], [("workshop", "ES256", 3600)])
        self.assertStatus(self.ada.post("/issued-tokens", {**order, "lifetime": 3601}), 422, "invalid")
        self.assertStatus(self.ada.post("/issued-tokens", {**order, "claims": {"exp": 1}}), 422, "invalid")
        made = self.ada.post("/issued-tokens", order)
        self.assertStatus(made, 201)
        etag = self.ada.get("/settings").headers["etag"]
        law = {"changes": {"jwt.public_key": public, "jwt.claims": {"client": "%c"}}, "why": "x"}
        self.assertStatus(self.ada.post("/settings/revisions", law, headers=[f"if-match: {etag}"]), 201)

        def decide(client, token):
            return self.desk.daemon.post_json("/v1/decide", {"clientid": client, "username": "u", "password": token}).json["reason"]

        first, second = (one["token"] for one in made.json["items"])
        self.eventually(lambda: decide("m1", first) == "token_ok", seconds=2)
        self.assertEqual(decide("m1", second), "claim_mismatch")
        entry = self.ada.get("/activity?what=issueTokens").json["items"][0]
        self.assertEqual((entry["who"], entry["subject"]), ("ada", "workshop"))
        self.assertNotIn(first, self.ada.get("/activity").text)
        olga = self.desk.colleague(self.ada, "olga", "operator")
        self.assertStatus(olga.post("/issued-tokens", order), 403, "forbidden")
