"""What an admitted client may publish, subscribe and receive: by its token, and by the settings."""

import json

from harness import raw_mqtt, tokens
from harness.case import V5, V31, V311, VERSIONS, BrokerCase
from harness.gate import SECRET

DENIED = {V31: 0, V311: 0x80, V5: 0x87}  # SUBACK; 3.1 knows no refusal, and grants what is never delivered


class TopicRights(BrokerCase):
    def test_a_tokens_lists_say_what_it_may_and_nothing_else(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        watcher = self.client(broker, client_id="watcher", username="w", password=tokens.good())
        watcher.subscribe("#")
        token = tokens.good(acl={"pub": ["up/%c"], "sub": ["down/#"], "all": ["both"]})
        for version in VERSIONS:
            with self.subTest(version):
                device = self.client(broker, version, client_id=f"d-{version}", username="x", password=token)
                self.assertEqual(device.subscribe("down/a/b"), 0)
                self.assertEqual(device.subscribe("#"), DENIED[version])
                refused = device.publish("up/other", "no", 1)
                self.assertEqual(refused, 0x87 if version == V5 else 0)
                device.publish(f"up/d-{version}", "yes", 1)
                self.assertEqual(watcher.message(), (f"up/d-{version}", b"yes"))
                self.assertTrue(device.ping(), "a denial drops no connection")

    def test_a_list_of_rules_falls_through_to_the_settings(self):
        gate, broker = self.start(
            '[topics]\nno_match = "deny"\n[[topic_rules]]\npermission = "allow"\naction = "all"\ntopics = "common/#"\n'
            f"[jwt]\n{SECRET}\n"
        )
        acl = [
            {"permission": "deny", "action": "publish", "topic": "common/secret"},
            {"permission": "allow", "action": "publish", "topic": "mine/${username}"},
        ]
        device = self.client(broker, V5, client_id="d", username="joe", password=tokens.good(acl=acl))
        for topic, code in (("mine/joe", 0), ("mine/ann", 0x87), ("common/a", 0), ("common/secret", 0x87), ("else", 0x87)):
            self.assertEqual(device.publish(topic, "x", 1) & 0x80, code & 0x80, topic)

    def test_rights_that_cannot_be_read_keep_the_token_out(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        self.assertStaysOut(broker, username="x", password=tokens.good(acl="all"), reason="malformed_rights")
        odd = [{"permission": "allow", "action": "all", "topic": "a", "weekday": "monday"}]
        self.assertStaysOut(broker, username="x", password=tokens.good(acl=odd), reason="unsupported_condition")
        self.assertGetsIn(broker, username="x", password=tokens.good(acl={"all": ["a"]}))

    def test_scope_as_rfc_9237_writes_it_and_as_oauth_does(self):
        gate, broker = self.start(f'[topics]\nno_match = "deny"\n[jwt]\nscope_patterns = "mqtt.{{action}}:{{topic}}"\n{SECRET}\n')
        aif = tokens.b64(json.dumps([["devices/#", ["pub"]]]).encode())
        for scope in (aif, "openid mqtt.publish:devices/+"):
            device = self.client(broker, V5, client_id="d", username="x", password=tokens.good(scope=scope))
            self.assertEqual(device.publish("devices/a", "x", 1) & 0x80, 0)
            self.assertEqual(device.publish("other", "x", 1), 0x87)
            self.assertEqual(device.subscribe("devices/a"), 0x87)

    def test_rules_for_users_serve_password_users_and_not_those_who_call_themselves_so(self):
        gate = self.gate(
            '[topics]\nno_match = "deny"\n[[topic_rules]]\npermission = "allow"\ntopics = "home/%u/#"\nusers = ["alice"]\n'
            f"[jwt]\n{SECRET}\n"
        )
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate)
        alice = self.client(broker, V5, client_id="a", username="alice", password="wonderland-7")
        self.assertEqual(alice.publish("home/alice/x", "x", 1) & 0x80, 0)
        self.assertEqual(alice.publish("home/bob/x", "x", 1), 0x87)
        # With a principal of its own under somebody's name.
        other = self.client(broker, V5, client_id="b", username="alice2", password=tokens.good("mallory"))
        self.assertEqual(other.publish("home/alice/x", "x", 1), 0x87)
        same = self.client(broker, V5, client_id="c", username="whoever", password=tokens.good("alice"))
        self.assertEqual(same.publish("home/alice/x", "x", 1) & 0x80, 0)

    def test_what_may_not_be_received_is_not_delivered(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        acl = [
            {"permission": "deny", "action": "subscribe", "topic": "eq a/#"},
            {"permission": "allow", "action": "subscribe", "topic": "a/+"},
            {"permission": "deny", "action": "all", "topic": "#"},
        ]
        reader = self.client(broker, V5, client_id="r", username="x", password=tokens.good(acl=acl))
        self.assertEqual(reader.subscribe("a/#"), 0x87)
        self.assertEqual(reader.subscribe("$share/g/a/b/c"), 0x87)
        self.assertEqual(reader.subscribe("a/+"), 0)
        sender = self.client(broker, client_id="s", username="x", password=tokens.good())
        sender.publish("a/b/c", "no", 1)
        sender.publish("a/b", "yes", 1)
        self.assertEqual(reader.message(), ("a/b", b"yes"))

    def test_what_waited_for_one_who_was_away_is_judged_by_the_token_that_he_comes_with(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        sender = self.client(broker, client_id="s", username="x", password=tokens.good())
        for version in (V311, V5):
            with self.subTest(version):
                kept = {"client_id": f"away-{version}", "username": "x", "clean": False}
                if version == V5:
                    kept["session_expiry"] = 600
                with raw_mqtt.Client(broker.port, version) as first:
                    self.assertEqual(first.connect(**kept, password=tokens.good(acl={"all": ["q/#"]})), 0)
                    self.assertEqual(first.subscribe("q/#", 1), 1)
                    first.disconnect()
                for topic in ("q/1", "q/2", "q/3"):
                    self.assertEqual(sender.publish(topic, "waits", 1), 0)
                back = self.client(broker, version, **kept, password=tokens.good(acl={"all": ["q/1", "q/3"]}))
                self.assertEqual([back.message()[0], back.message()[0]], ["q/1", "q/3"])
                self.assertTrue(back.ping())
                self.assertEqual(back._kept, [])

    def test_the_will_is_judged_by_what_its_client_might(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        watcher = self.client(broker, client_id="watcher", username="w", password=tokens.good())
        watcher.subscribe("#")
        token = tokens.good(acl={"pub": ["will/yes"]})
        for topic in ("will/no", "will/yes"):
            leaving = self.client(broker, client_id="l", username="x", password=token, will=raw_mqtt.Will(topic))
            leaving.close()
        self.assertEqual(watcher.message()[0], "will/yes")

    def test_the_brokers_own_topics_need_a_rule_that_names_them(self):
        gate, broker = self.start(
            '[[topic_rules]]\npermission = "allow"\naction = "subscribe"\ntopics = "$SYS/#"\nusers = ["monitor"]\n'
            f"[jwt]\n{SECRET}\n"
        )
        device = self.client(broker, V5, client_id="d", username="x", password=tokens.good())
        for topic in ("$SYS/#", "$SYS/broker/uptime", "$CONTROL/dynamic-security/v1/response"):
            self.assertEqual(device.subscribe(topic), 0x87, topic)
        monitor = self.client(broker, V5, client_id="m", username="x", password=tokens.good("monitor"))
        self.assertEqual(monitor.subscribe("$SYS/#"), 0)

    def test_status_shows_what_is_in_force(self):
        gate, broker = self.start(
            f'[topics]\nno_match = "deny"\n[[topic_rules]]\npermission = "allow"\ntopics = "a"\n[jwt]\n{SECRET}\n'
        )
        self.assertEqual(gate.status()["topics"], {"no_match": "deny", "rules": 1})
