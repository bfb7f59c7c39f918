"""Connections that a real RabbitMQ would keep for ever are ended over its own management API."""

import socket
import time
import unittest

from harness import machine, rabbitmq, raw_mqtt, tokens
from harness.daemon import Daemon, DaemonCase
from harness.raw_mqtt import V311

PASSWORD, API_PASSWORD = "the-rabbits-password", "the-password-of-its-api"
RIGHTS = {"acl": {"pub": ["mine/#"], "sub": ["mine/#", "shared/+/x"]}}


def ended(client, seconds):
    """Whether the broker closes this connection within so long; a client that only listens learns it so."""
    client.socket.settimeout(seconds)
    try:
        return client.socket.recv(1) == b""
    except socket.timeout:
        return False
    except OSError:
        return True


@unittest.skipUnless(rabbitmq.is_here(), "rabbitmq-server is not installed")
class Ending(DaemonCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = rabbitmq.RabbitMQ(machine.free_port(), user_info=f"rmq:{PASSWORD}@", api_password=API_PASSWORD)
        cls.one = Daemon(
            http='[[http.callers]]\nname = "rabbit"\ncontracts = ["rabbitmq"]\nbasic_user = "rmq"\nbasic_password_file = "rabbit.password"\n'
            '[[http.callers]]\nname = "test"\nbearer_file = "bearer"\n'
            f'[[brokers]]\nname = "rabbit-1"\nkind = "rabbitmq"\nurl = "http://127.0.0.1:{cls.broker.api_port}"\nuser = "sallyport"\npassword_file = "api.password"\n',
            settings=f'[jwt]\nsecret = "{tokens.KEY}"\nnot_a_token = "ignore"\n[jwt.claims]\nclient_id = "%c"\n',
            port=cls.broker.daemon_port,
        )
        for name, text in (("rabbit.password", PASSWORD), ("bearer", "a-bearer-of-the-tests"), ("api.password", API_PASSWORD)):
            path = cls.one.folder / name
            path.write_text(text + "\n")
            path.chmod(0o600)
        cls.one.gate.cli("user", "add", "carol", "--password-stdin", stdin="carols password\n")
        cls.one.start()
        try:
            cls.broker.start()
        except BaseException:
            cls.broker.stop()
            cls.one.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()
        cls.one.stop()

    def member(self, client_id, seconds=3600, username="device", password=None, **claims):
        client = raw_mqtt.Client(self.broker.port, V311, timeout=20)
        self.addCleanup(client.close)
        password = password or tokens.hs({"sub": "device", "client_id": client_id, "exp": int(time.time()) + seconds, **claims})
        self.assertEqual(client.connect(client_id=client_id, username=username, password=password), 0, self.one.log()[-1500:])
        return client

    def ends(self, result):
        text = self.one.ask("GET", "/metrics", headers=("authorization: Bearer a-bearer-of-the-tests",)).text
        for line in text.splitlines():
            if line.startswith(f'sallyport_broker_ends_total{{broker="rabbit-1",result="{result}"}}'):
                return int(line.split()[-1])
        self.fail(text)

    def test_a_subscriber_is_gone_at_exp_and_who_renewed_by_coming_again_stays(self):
        listener = self.member("listener", seconds=12)
        self.assertEqual(listener.subscribe("plant/#", 0), 0)
        same_user = self.member("neighbour")
        self.assertEqual(same_user.subscribe("plant/#", 0), 0)
        self.member("renewing", seconds=12).close()
        renewed = self.member("renewing", seconds=600)
        self.assertTrue(ended(listener, 30), self.one.log()[-1500:])
        self.assertFalse(ended(renewed, 2))
        self.assertFalse(ended(same_user, 0.2))
        # He may come again with a fresh token.
        self.assertFalse(ended(self.member("listener"), 0.3))
        self.assertGreaterEqual(self.ends("ended"), 1)

    def test_a_disabled_user_is_gone_within_seconds(self):
        client = self.member("carols-1", username="carol", password="carols password")
        self.assertEqual(client.subscribe("plant/#", 1), 1)
        self.one.gate.cli("user", "disable", "carol")
        self.assertTrue(ended(client, 30), self.one.log()[-1500:])

    def test_wrong_rights_are_refused_and_right_ones_are_not(self):
        client = self.member("narrow", **RIGHTS)
        self.assertEqual(client.subscribe("mine/#", 1), 1)
        client.publish("mine/a", b"to me", 1)
        self.assertEqual(client.message()[:2], ("mine/a", b"to me"))
        client.publish("theirs/a", b"not mine", 0)
        self.assertTrue(ended(client, 10))
        for topic, granted in (("theirs/#", False), ("shared/1/x", True), ("shared/+/x", True), ("shared/#", False), ("#", False)):
            with self.subTest(topic):
                try:
                    answer = self.member("narrow", **RIGHTS).subscribe(topic, 1)
                except ConnectionError:
                    answer = 0x80
                self.assertEqual(answer, 1 if granted else 0x80)

    def test_a_broker_whose_api_refuses_is_said_and_served_later(self):
        password = self.one.folder / "api.password"
        self.addCleanup(password.write_text, API_PASSWORD + "\n")
        password.write_text("a-wrong-one-for-this-api\n")
        self.eventually(lambda: self.one.log().count("callers and certificates read again") > 0)
        listener = self.member("patient", seconds=12)
        self.eventually(lambda: "broker rabbit-1: connections cannot be ended there" in self.one.log(), seconds=30)
        self.assertIn("broker rabbit-1", self.one.ask("GET", "/health/ready").text)
        self.assertNotIn(API_PASSWORD, self.one.log())
        self.assertFalse(ended(listener, 0.2))
        password.write_text(API_PASSWORD + "\n")
        self.assertTrue(ended(listener, 40), self.one.log()[-1500:])

    def test_the_apis_user_is_nobody_over_mqtt(self):
        client = raw_mqtt.Client(self.broker.port, V311, timeout=20)
        self.addCleanup(client.close)
        code = client.connect(client_id="api", username="sallyport", password=API_PASSWORD)
        self.assertNotEqual(code, 0)
