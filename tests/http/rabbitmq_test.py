"""A real RabbitMQ asks a real daemon: MQTT clients come in, publish, subscribe, leave wills, and are kept out."""

import base64
import threading
import time
import unittest

from harness import machine, rabbitmq, raw_mqtt, tokens
from harness.daemon import Daemon, DaemonCase
from harness.raw_mqtt import V31, V311

PASSWORD = "the-rabbits-password"
VERSIONS = (V31, V311)  # Debian 12's 3.10 does not speak MQTT 5
REFUSED = 4


@unittest.skipUnless(rabbitmq.is_here(), "rabbitmq-server is not installed")
class RabbitMQ(DaemonCase):
    @classmethod
    def setUpClass(cls):
        cls.one = Daemon(
            http='[[http.callers]]\nname = "rabbit"\ncontracts = ["rabbitmq"]\nbasic_user = "rmq"\nbasic_password_file = "rabbit.password"\n'
            '[[http.callers]]\nname = "test"\nbearer_file = "bearer"\n',
            settings=f'[jwt]\nsecret = "{tokens.KEY}"\n[jwt.claims]\nclient_id = "%c"\n',
            port=machine.free_port(),
        )
        for name, text in (("rabbit.password", PASSWORD), ("bearer", "a-bearer-of-the-tests")):
            path = cls.one.folder / name
            path.write_text(text)
            path.chmod(0o600)
        cls.one.start()
        cls.broker = rabbitmq.RabbitMQ(cls.one.port, user_info=f"rmq:{PASSWORD}@")
        try:
            cls.broker.start()
        except BaseException:
            cls.broker.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()
        cls.one.stop()

    def token(self, client_id, seconds=3600, **claims):
        return tokens.hs({"sub": "device", "client_id": client_id, "exp": int(time.time()) + seconds, **claims})

    def connect(self, client_id, password=None, version=V311, username="device", **fields):
        client = raw_mqtt.Client(self.broker.port, version, timeout=20)
        self.addCleanup(client.close)
        password = self.token(client_id) if password is None else password
        return client, client.connect(client_id=client_id, username=username, password=password, **fields)

    def member(self, client_id, **named):
        client, code = self.connect(client_id, **named)
        self.assertEqual(code, 0, self.one.log()[-1500:])
        return client

    def test_a_good_token_publishes_and_subscribes(self):
        for version in VERSIONS:
            with self.subTest(version):
                reader, writer = self.member(f"reader{version}", version=version), self.member(f"writer{version}", version=version)
                for qos in (0, 1):
                    self.assertEqual(reader.subscribe(f"plant/{qos}/#", qos), qos)
                    writer.publish(f"plant/{qos}/a", b"hello", qos)
                    topic, payload = reader.message()[:2]
                    self.assertEqual((topic, payload), (f"plant/{qos}/a", b"hello"))

    def test_a_bad_token_and_another_ones_client_id_stay_out(self):
        good = self.token("mine")
        for version in VERSIONS:
            for what, client_id, password in (("damaged", "mine", tokens.changed(good)), ("another's", "theirs", good), ("none", "mine", "none")):
                with self.subTest(what, version=version):
                    self.assertEqual(self.connect(client_id, password, version)[1], REFUSED)
        self.assertEqual(self.connect("mine", good)[1], 0)

    def test_a_refused_twin_does_not_disturb_who_is_in(self):
        mine = self.member("twin")
        self.assertEqual(mine.subscribe("twin/#", 1), 1)
        self.assertEqual(self.connect("twin", tokens.changed(self.token("twin")))[1], REFUSED)
        mine.publish("twin/a", b"still", 1)
        self.assertEqual(mine.message()[1], b"still")

    def test_a_will_is_published_when_its_owner_is_gone(self):
        watcher = self.member("watcher")
        self.assertEqual(watcher.subscribe("wills/#", 1), 1)
        client = self.member("mortal", will=raw_mqtt.Will("wills/mortal", b"gone", 1))
        client.socket.close()
        self.assertEqual(watcher.message()[:2], ("wills/mortal", b"gone"))

    def test_after_exp_a_new_topic_is_refused_and_a_fresh_token_comes_in(self):
        client = self.member("short", password=self.token("short", seconds=4))
        self.assertEqual(client.subscribe("short/#", 1), 1)
        time.sleep(5)
        answer = None
        try:
            answer = client.subscribe("other/#", 1)
        except (EOFError, OSError, AssertionError):
            pass
        self.assertIn(answer, (None, 0x80, raw_mqtt.CLOSED))
        self.member("short")

    def test_a_kept_session_comes_back_with_a_fresh_token(self):
        first = self.member("keeper", clean=False)
        self.assertEqual(first.subscribe("kept/#", 1), 1)
        first.disconnect()
        writer = self.member("kept-writer")
        writer.publish("kept/a", b"while away", 1)
        again = self.member("keeper", clean=False)
        self.assertEqual(again.message()[1], b"while away")

    def test_the_daemon_is_restarted_under_load_and_nobody_wrong_comes_in(self):
        stop, results = threading.Event(), {"good": [], "bad": []}

        def storm(kind, number):
            count = 0
            while not stop.is_set():
                count += 1
                client_id = f"storm-{kind}-{number}-{count}"
                password = self.token(client_id) if kind == "good" else tokens.changed(self.token(client_id))
                try:
                    with raw_mqtt.Client(self.broker.port, V311, timeout=20) as client:
                        results[kind].append(client.connect(client_id=client_id, username="device", password=password))
                except (OSError, EOFError, AssertionError):
                    results[kind].append("closed")

        threads = [threading.Thread(target=storm, args=(kind, n)) for kind in results for n in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        self.assertEqual(self.one.stop(), 0)
        self.one.start()
        time.sleep(1.5)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertNotIn(0, results["bad"])
        self.assertGreater(results["good"].count(0), 20)
        self.assertEqual(results["good"][-3:].count(0), 3, results["good"][-10:])

    def test_the_broker_itself_must_prove_who_it_is(self):
        self.assertEqual(self.one.post_form("/rabbitmq/user", username="a", vhost="/", client_id="c", password=self.token("c")).status, 401)
        self.assertNotIn(PASSWORD, self.one.log())
        self.assertNotIn(base64.b64encode(f"rmq:{PASSWORD}".encode()).decode(), self.one.log())
