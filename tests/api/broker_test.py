"""The console beside a real broker: what it decided, who is connected, and a change that it follows."""

from harness import tokens
from harness.console_broker import BesideABroker


class BesideABrokerTest(BesideABroker):
    store_settings = BesideABroker.store_settings + '[audit]\nkeep = "1d"\n'

    def test_who_is_connected_who_was_refused_and_when_they_end(self):
        for i in range(3):
            self.assertEqual(self.connect(f"meter-{i}", tokens.good())[1], 0)
        self.assertNotEqual(self.connect("meter-9", tokens.expired())[1], 0)
        sessions = self.ada.get("/sessions").json["items"]
        self.assertEqual([s["client_id"] for s in sessions], ["meter-0", "meter-1", "meter-2"])
        self.assertEqual((sessions[0]["standing"], sessions[0]["authenticator"]), ("admitted", "jwt"))
        self.assertEqual([s["client_id"] for s in self.ada.get("/sessions?search=ter-1").json["items"]], ["meter-1"])
        ends = self.ada.get("/overview/ends?hours=2").json
        self.assertEqual((ends["sessions"], sum(ends["counts"]), ends["steepest"]["count"]), (3, 3, 3))
        self.eventually(lambda: self.ada.get("/refused").json["items"], "the refusal was not kept", 15)
        self.assertEqual(self.ada.get("/refused/expired").json["items"][0]["client_id"], "meter-9")
        device = self.ada.get("/devices/meter-1").json
        self.assertTrue(device["now_in"])
        self.assertEqual([e["how"] for e in device["endings"]], ["on"])
        self.eventually(lambda: self.ada.get("/overview").json["sessions"] == 3, "the overview does not see them", 15)
        self.assertEqual([p["kind"] for p in self.ada.get("/overview").json["processes"]], ["daemon", "broker"])

    def test_one_who_leaves_is_off_the_list(self):
        client, code = self.connect("meter-1", tokens.good())
        self.assertEqual(code, 0)
        self.assertEqual(len(self.ada.get("/sessions").json["items"]), 1)
        client.close()
        self.eventually(lambda: not self.ada.get("/sessions").json["items"], "it is still listed", 15)

    def test_a_change_on_a_page_is_in_force_in_the_broker_in_under_a_second(self):
        etag = self.ada.get("/settings").headers["etag"]
        law = {"changes": {"jwt.audience": "elsewhere"}, "why": "x"}
        self.assertEqual(self.ada.post("/settings/revisions", law, headers=[f"if-match: {etag}"]).status, 201)
        self.eventually(lambda: self.connect("meter-1", tokens.good())[1] != 0, "it is not in force", 1)

    def test_the_overviews_keys_are_the_brokers(self):
        self.assertEqual(self.ada.get("/keys").json["process"], "broker")
