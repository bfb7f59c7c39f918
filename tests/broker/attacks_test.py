"""What was tried from inside, by a client that was let in for itself, and must give nothing of anybody else's
(docs/security-review.md)."""

import json
import time

from harness import raw_mqtt, tokens
from harness.case import V5, V311, BrokerCase, current_version
from harness.gate import SECRET

RENEW = "$CONTROL/sallyport/v1/renew"
RESPONSE = "$CONTROL/sallyport/v1/renew/response"
NOTICE = "$CONTROL/sallyport/v1/notice"
EVERYTHING = {"all": ["#", "$CONTROL/#", "$SYS/#"]}
TOKENS = f'[session]\nnotice = "0s"\n[jwt]\n{SECRET}\n'


class FromInside(BrokerCase):
    def inside(self, broker, client_id, version=V5, **claims):
        return self.client(broker, version, client_id=client_id, username=client_id, password=tokens.good(client_id, **claims))

    def heard(self, client):
        """What came, but for what the client sends itself to know that it came first."""
        client.publish(f"marker/{id(client)}", "m")
        out = []
        while True:
            topic, payload = client.message()
            if topic == f"marker/{id(client)}":
                return out
            out.append((topic, payload))

    def test_a_token_that_renews_reaches_nobody_else_not_even_as_a_retained_message(self):
        gate, broker = self.start(TOKENS)
        spy = self.inside(broker, "spy", acl=EVERYTHING)
        for filter_ in ("#", "$CONTROL/#", RENEW, RESPONSE, "$CONTROL/+/v1/#", f"$share/g/{RENEW}", f"$share/g/{RESPONSE}", "$share/g/#"):
            spy.subscribe(filter_)
        device = self.inside(broker, "device")
        device.subscribe(RESPONSE)
        for qos, retain in ((0, False), (1, False), (1, True)):
            device.publish(RENEW, tokens.good("device"), qos, retain)
            self.assertEqual(device.message()[0], RESPONSE)
        late = self.inside(broker, "late", acl=EVERYTHING)
        late.subscribe("marker/#")
        late.subscribe("$CONTROL/#")
        late.subscribe(RENEW)
        for client in (spy, late):
            self.assertEqual([m for m in self.heard(client) if not m[0].startswith("marker/")], [])

    def test_nobody_writes_a_notice_or_an_answer_for_somebody_else(self):
        gate, broker = self.start(TOKENS)
        device = self.inside(broker, "device")
        for topic in (NOTICE, RESPONSE, "marker/#"):
            device.subscribe(topic)
        forged = json.dumps({"result": "renewed"})
        forger = self.inside(broker, "forger", acl=EVERYTHING)
        for topic in (NOTICE, RESPONSE):
            forger.publish(topic, forged, 1)
            forger.publish(topic, forged, 1, retain=True)
            will = raw_mqtt.Client(broker.port, V5)
            self.addCleanup(will.close)
            said = will.connect(client_id="w", username="w", password=tokens.good("w", acl=EVERYTHING), will=raw_mqtt.Will(topic, forged.encode()))
            self.assertEqual(said, 0 if current_version() < (2, 0, 21) else raw_mqtt.CLOSED)  # a will to $CONTROL
            will.close()  # without DISCONNECT: the will is published
        forger.publish("marker/done", "x", 1)
        self.assertEqual(device.message(), ("marker/done", b"x"))

    def test_a_session_that_is_taken_over_by_its_id_gives_no_message_beyond_the_takers_rights(self):
        gate, broker = self.start(TOKENS)
        owner_token = tokens.good("owner", acl={"sub": ["private/#", "common"]})
        owner = raw_mqtt.Client(broker.port, V311)
        self.assertEqual(owner.connect(client_id="shared-id", username="owner", password=owner_token, clean=False), 0)
        owner.subscribe("private/#", 1)
        owner.subscribe("common", 1)
        owner.disconnect()
        sender = self.inside(broker, "sender", V311)
        sender.publish("private/a", "secret", 1)
        sender.publish("common", "open", 1)
        thief = raw_mqtt.Client(broker.port, V311)
        self.addCleanup(thief.close)
        self.assertEqual(thief.connect(client_id="shared-id", username="thief", password=tokens.good("thief", acl={"all": ["common", "marker/#"]}), clean=False), 0)
        sender.publish("private/b", "secret", 1)
        sender.publish("common", "last", 1)
        seen = []
        while not seen or seen[-1][1] != b"last":
            seen.append(thief.message())
        self.assertEqual([topic for topic, _ in seen if topic.startswith("private/")], [])

    def test_no_filter_reaches_further_than_its_rights_in_any_dress(self):
        gate, broker = self.start(TOKENS)
        device = self.inside(broker, "device", acl={"sub": ["site/7/#"], "pub": ["site/7/out"]})
        for filter_ in ("#", "+/#", "site/#", "site/+/a", "+/7/#", "$share/g/#", "$share/g/site/+/a", "$share//site/7/a", "$SYS/#", "$CONTROL/#", "Site/7/a", "/site/7/a"):
            with self.subTest(filter_):
                self.assertEqual(device.subscribe(filter_) & 0x80, 0x80)
        self.assertEqual(device.subscribe("site/7/#"), 0)
        self.assertEqual(device.subscribe("$share/g/site/7/+"), 0)
        for topic in ("site/7/in", "site/8/out", "site/7/out/", "site/7//out", "SITE/7/out", "$SYS/site/7/out"):
            self.assertEqual(device.publish(topic, "x", 1), 0x87, topic)

    def test_a_flood_of_bad_renewals_costs_the_others_nothing(self):
        gate, broker = self.start(TOKENS)
        other = self.inside(broker, "other")
        flooder = self.inside(broker, "flooder", V311)
        flooder.subscribe(RESPONSE)
        bad = tokens.changed(tokens.good("flooder"))
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < 1.0:
            flooder.publish(RENEW, bad)
            sent += 1
        before = time.monotonic()
        self.assertTrue(other.ping())
        self.assertLess(time.monotonic() - before, 2.0)
        self.assertGreater(sent, 100)
        lines = broker.log().count("bad_signature")
        self.assertLess(lines, 60, f"{sent} renewals wrote {lines} lines")


if __name__ == "__main__":
    import unittest

    unittest.main()
