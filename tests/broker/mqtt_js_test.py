"""MQTT.js, the library of browsers and of Node: in and out, on every version and transport."""

import unittest

from harness import peers, tokens
from harness.case import REFUSED, VERSIONS, BrokerCase, Listener
from harness.gate import SECRET

TOKENS = f"[jwt]\n{SECRET}\n"
TRANSPORTS = ("tcp", "tls", "ws", "wss")


class MqttJs(BrokerCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.library = peers.MqttJs()
        except peers.Missing as why:
            raise unittest.SkipTest(f"MQTT.js cannot be had here: {why}") from None
        cls.addClassCleanup(cls.library.close)

    def test_mqtt_js_gets_in_with_token_and_password_and_stays_out_for_the_reason_that_holds(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate, listeners=[Listener(transport) for transport in TRANSPORTS])
        good = tokens.good()
        for transport in TRANSPORTS:
            for version in VERSIONS:
                for fields, reason in (
                    ({"username": "x", "password": good}, None),
                    ({"username": "x", "password": tokens.expired()}, "expired"),
                    ({"username": "x", "password": tokens.changed(good)}, "bad_signature"),
                    ({"username": "alice", "password": "wonderland-7"}, None),
                    ({"username": "alice", "password": "wonderland-8"}, "wrong_password"),
                    ({}, "no_credentials"),
                ):
                    with self.subTest(transport=transport, version=version, reason=reason):
                        code = self.library.connect(broker, transport, version, **fields)
                        self.assertEqual(code, REFUSED[version] if reason else 0, broker.log()[-1500:])
                        if reason:
                            self.assertEqual(gate.last_reason(), reason)
