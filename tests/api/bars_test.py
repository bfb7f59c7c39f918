"""Revocations and blocks by way of the console, and the daemon that follows them."""

from harness import tokens
from harness.console import ConsoleCase


class BarsTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console(store_settings=f'[jwt]\nsecret = "{tokens.KEY}"\n')
        self.ada = self.desk.first("ada")

    def decide(self, client_id="c", **claims):
        body = {"clientid": client_id, "username": "u", "password": tokens.good(**claims)}
        return self.desk.daemon.post_json("/v1/decide", body).json["reason"]

    def test_a_token_is_revoked_within_a_second_and_let_in_again_when_that_is_undone(self):
        self.assertEqual(self.decide(jti="t-1"), "token_ok")
        made = self.ada.post("/revocations", {"jti": "t-1", "why": "stolen"})
        self.assertStatus(made, 201)
        self.assertEqual((made.json["kind"], made.json["value"], made.json["author"]), ("jti", "t-1", "console:ada"))
        self.eventually(lambda: self.decide(jti="t-1") == "revoked", seconds=1)
        self.assertEqual(self.decide(jti="t-2"), "token_ok")
        self.assertEqual([r["value"] for r in self.ada.get("/revocations").json["items"]], ["t-1"])
        self.assertEqual(self.ada.get("/revocations?search=nothing").json["items"], [])
        self.assertIn("stolen", self.ada.get("/revocations?format=csv").text)
        self.assertStatus(self.ada.delete(f"/revocations/{made.json['id']}"), 204)
        self.eventually(lambda: self.decide(jti="t-1") == "token_ok", seconds=1)
        self.assertStatus(self.ada.delete(f"/revocations/{made.json['id']}"), 404, "not_found")

    def test_one_thing_is_revoked_at_a_time(self):
        self.assertStatus(self.ada.post("/revocations", {"why": "x"}), 400, "invalid")
        self.assertStatus(self.ada.post("/revocations", {"jti": "a", "kid": "b"}), 400, "invalid")

    def test_many_are_revoked_at_once_and_bad_rows_are_told(self):
        text = "jti,principal,why\nt-1,,a\n,p-1,b\n,,neither\n"
        done = self.ada.post("/revocations/import", raw=text.encode(), headers=["content-type: text/csv"])
        self.assertStatus(done, 200)
        self.assertEqual((done.json["good"], done.json["failed"], len(done.json["problems"])), (2, 1, 1))
        self.assertEqual(len(self.ada.get("/revocations").json["items"]), 2)

    def test_a_client_is_blocked_by_pattern_and_let_go(self):
        made = self.ada.post("/blocks", {"kind": "client_id", "value": "meter-*", "pattern": True, "why": "floods"})
        self.assertStatus(made, 201)
        self.eventually(lambda: self.decide("meter-7") == "blocked", seconds=1)
        self.assertEqual(self.decide("pump-7"), "token_ok")
        listed = self.ada.get("/blocks").json["items"]
        self.assertEqual([(b["kind"], b["value"], b["pattern"]) for b in listed], [("client_id", "meter-*", True)])
        self.assertStatus(self.ada.delete(f"/blocks/{made.json['id']}"), 204)
        self.eventually(lambda: self.decide("meter-7") == "token_ok", seconds=1)

    def test_an_address_is_a_network_and_has_no_pattern(self):
        self.assertStatus(self.ada.post("/blocks", {"kind": "address", "value": "192.0.2.*", "pattern": True}), 400, "invalid")
        self.assertStatus(self.ada.post("/blocks", {"kind": "address", "value": "192.0.2.0/24"}), 201)
        self.assertStatus(self.ada.post("/blocks", {"kind": "address", "value": "nowhere"}), 422, "invalid")
        self.assertStatus(self.ada.post("/blocks", {"kind": "colour", "value": "red"}), 400, "invalid")
