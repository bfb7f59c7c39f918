"""The end of a session: with its token, and with its user."""

import time

from harness import raw_mqtt, tokens
from harness.case import V5, VERSIONS, BrokerCase
from harness.gate import SECRET


def ends_in(seconds, **claims):
    return tokens.hs({"sub": "device-1", "exp": int(time.time()) + seconds, **claims})


class SessionEnd(BrokerCase):
    def goes(self, client, seconds=6.0):
        """The moment at which the broker closes the connection; nothing where it does not."""
        client.socket.settimeout(seconds)
        try:
            while client.receive() is not None:
                pass
        except TimeoutError:
            return None
        except OSError:
            pass
        return time.time()

    def test_a_client_is_out_within_a_second_of_its_tokens_end(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        staying = self.client(broker, client_id="stays", username="x", password=tokens.good())
        for version in VERSIONS:
            with self.subTest(version):
                token = ends_in(3)
                end = int(time.time()) + 3
                client = self.client(broker, version, client_id="c", username="x", password=token)
                gone = self.goes(client)
                self.assertIsNotNone(gone, broker.log()[-1500:])
                self.assertLessEqual(gone - end, 1.5)
                self.assertGreaterEqual(gone, end - 1)
        self.assertTrue(staying.ping())

    def test_end_at_exp_can_be_switched_off(self):
        gate, broker = self.start(f"[session]\nend_at_exp = false\n[jwt]\n{SECRET}\n")
        client = self.client(broker, client_id="c", username="x", password=ends_in(2))
        self.assertIsNone(self.goes(client, 4))
        self.assertTrue(client.ping())

    def test_leeway_counts_and_max_session_ends_a_token_without_exp(self):
        gate, broker = self.start(f'[session]\nmax_session = "2s"\n[jwt]\nleeway = "60s"\n{SECRET}\n')
        late = self.client(broker, client_id="late", username="x", password=ends_in(-5))
        endless = self.client(broker, client_id="endless", username="x", password=tokens.hs({"sub": "d"}))
        self.assertIsNotNone(self.goes(endless))
        self.assertTrue(late.ping())

    def test_the_will_is_published_by_the_rights_held_at_the_end(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        watcher = self.client(broker, client_id="watcher", username="w", password=tokens.good())
        watcher.subscribe("will/#")
        token = ends_in(2, acl={"pub": ["will/yes"]})
        for number, topic in enumerate(("will/no", "will/yes")):
            self.client(broker, V5, client_id=f"c-{number}", username="x", password=token, will=raw_mqtt.Will(topic))
        self.assertEqual(watcher.message()[0], "will/yes")

    def test_a_user_who_is_disabled_deleted_or_has_another_password_is_out(self):
        gate = self.gate(f"[jwt]\n{SECRET}\n")
        for name in ("a", "b", "c", "stays"):
            gate.add_user(name, "wonderland-7")
        broker = self.broker(gate)
        here = {
            name: self.client(broker, client_id=name, username=name, password="wonderland-7") for name in ("a", "b", "c", "stays")
        }
        gate.cli("user", "disable", "a")
        gate.cli("user", "delete", "b")
        gate.set_password("c", "another-word-8")
        for name in ("a", "b", "c"):
            self.assertIsNotNone(self.goes(here[name]), f"{name} is still here")
        self.assertTrue(here["stays"].ping())
        self.assertNotEqual(self.code(broker, client_id="a", username="a", password="wonderland-7"), 0)
