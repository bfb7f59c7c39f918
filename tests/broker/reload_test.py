"""Settings and users that change while a broker runs: in force within a second, and nobody is dropped."""

import re
import time

from harness import machine, tokens
from harness.case import V5, V31, V311, BrokerCase, Listener, raw_mqtt
from harness.gate import SECRET

TOKENS = f"[jwt]\n{SECRET}\n"
MANY = 1000


class AThousandClients(BrokerCase):
    def crowd(self, broker):
        """A thousand clients that are in: by token, by password, with and without a user name, on every version."""
        clients = []
        for n in range(MANY):
            version = (V311, V5, V31)[n % 3]
            fields = {"client_id": f"c-{n}", "keepalive": 0}
            if n % 4 == 0:
                fields.update(username="alice", password="wonderland-7")
            elif version == V5 and n % 4 == 1:
                fields.update(password=tokens.good(f"d-{n}"))
            else:
                fields.update(username=f"u-{n}", password=tokens.good(f"d-{n}"))
            clients.append(self.client(broker, version, **fields))
        return clients

    def start_crowd(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate)
        return gate, broker, self.crowd(broker)

    def dropped(self, clients):
        return [n for n, one in enumerate(clients) if not one.ping()]

    def test_sighup_drops_none_of_a_thousand_clients(self):
        gate, broker, clients = self.start_crowd()
        for _ in range(2):  # the second SIGHUP is where a wrong answer to the first shows
            mark = broker.mark()
            broker.sighup()
            broker.wait_for_log(r"(?i)reload", mark)
            self.assertGetsIn(broker, client_id="new", username="x", password=tokens.good())
            self.assertEqual(self.dropped(clients), [], broker.log()[-2000:])

    def test_sallyport_reload_drops_none_of_a_thousand_clients(self):
        gate, broker, clients = self.start_crowd()
        gate.write(TOKENS + "leeway = \"5s\"\n")
        started = time.monotonic()
        gate.reload()
        self.assertLess(time.monotonic() - started, 1.0)
        self.assertEqual(self.dropped(clients), [])

    def test_new_keys_and_switches_end_no_session(self):
        gate, broker, clients = self.start_crowd()
        gate.write(f'[password]\nenabled = false\n[jwt]\nsecret = "{tokens.KEY[::-1]}"\n')
        gate.reload()
        broker.sighup()
        self.eventually(lambda: self.code(broker, client_id="n", username="x", password=tokens.good()) != 0)
        self.assertEqual(self.dropped(clients), [])


class OneByOne(BrokerCase):
    def test_sighup_keeps_a_client_whose_token_was_in_its_user_name(self):
        gate, broker = self.start(TOKENS + 'from = "username"\n')
        client = self.client(broker, username=tokens.good("pump-12"))
        mark = broker.mark()
        broker.sighup()
        broker.wait_for_log(r"(?i)reload", mark)
        self.assertTrue(client.ping())

    def test_sighup_keeps_a_client_whose_token_has_expired_since_where_exp_ends_nobody(self):
        gate, broker = self.start("[session]\nend_at_exp = false\n" + TOKENS)
        client = self.client(broker, username="x", password=tokens.hs({"sub": "d", "exp": int(time.time()) + 2}))
        time.sleep(2.5)  # the token's own clock
        broker.sighup()
        self.eventually(lambda: self.code(broker, client_id="n", username="x", password=tokens.good()) == 0)
        self.assertTrue(client.ping())

    def test_sighup_keeps_offline_sessions(self):
        gate, broker = self.start(TOKENS)
        token = tokens.good()
        client = self.client(broker, client_id="sleeper", username="x", password=token, clean=False)
        client.subscribe("t", 1)
        client.disconnect()
        broker.sighup()
        self.eventually(lambda: self.code(broker, client_id="n", username="x", password=token) == 0)
        sender = self.client(broker, client_id="sender", username="x", password=token)
        sender.publish("t", "kept", 1)
        client = self.client(broker, client_id="sleeper", username="x", password=token, clean=False)
        self.assertEqual(client.message(), ("t", b"kept"))

    def test_sighup_keeps_a_client_that_took_its_own_session_over(self):
        # The broker tells of the old connection's end after it has asked about the new one.
        gate, broker = self.start(TOKENS + 'from = "username"\n')
        for clean in (True, False):
            for leaves in (True, False):
                fields = {"client_id": f"same-{clean}-{leaves}", "clean": clean}
                first = self.client(broker, **fields, username=tokens.good("first"))
                if leaves:
                    first.disconnect()
                second = self.client(broker, **fields, username=tokens.good("second"))
                mark = broker.mark()
                broker.sighup()
                broker.wait_for_log(r"(?i)reload", mark)
                self.assertTrue(second.ping(), broker.log()[-1500:])
                self.assertEqual(second.publish("t", "x", 1), 0)

    def test_a_refused_stranger_with_my_client_id_does_not_spoil_my_sighup(self):
        gate, broker = self.start(TOKENS)
        client = self.client(broker, client_id="mine", username="x", password=tokens.good())
        self.assertStaysOut(broker, client_id="mine", username="x", password=tokens.expired())
        broker.sighup()
        self.eventually(lambda: self.code(broker, client_id="n", username="x", password=tokens.good()) == 0)
        self.assertTrue(client.ping())


class BrokenSettings(BrokerCase):
    BROKEN = TOKENS + 'leewaay = "5s"\n'

    def test_settings_that_do_not_load_leave_the_old_ones_in_force_and_say_why_once(self):
        gate, broker = self.start(TOKENS)
        client = self.client(broker, client_id="there", username="x", password=tokens.good())
        mark = broker.mark()
        gate.write(self.BROKEN)
        said = gate.reload(code=1)
        self.assertIn("leewaay", said)
        self.assertRegex(said, r"sallyport\.toml:\d+:\d+")
        self.assertIn("leeway", said)
        self.assertGetsIn(broker, username="x", password=tokens.good())
        self.assertStaysOut(broker, username="x", password=tokens.expired(), reason="expired")
        broker.wait_for_log(r"leewaay", mark)
        self.assertEqual(broker.log()[mark:].count("leewaay"), 1)
        self.assertTrue(client.ping())
        self.assertRegex(gate.cli("status"), r"(?i)degraded|not applied|changed")

        gate.write(TOKENS + 'leeway = "7200s"\n')
        gate.reload()
        self.assertGetsIn(broker, username="x", password=tokens.expired())
        self.assertNotRegex(gate.cli("status"), r"(?i)degraded")

    def test_sighup_with_broken_settings_keeps_the_old_ones_and_the_broker(self):
        gate, broker = self.start(TOKENS)
        client = self.client(broker, client_id="there", username="x", password=tokens.good())
        gate.write_raw("[jwt\nsecret = ")
        mark = broker.mark()
        broker.sighup()
        broker.wait_for_log(r"sallyport\.toml:\d+:\d+", mark)
        broker.sighup()
        self.assertGetsIn(broker, username="x", password=tokens.good())
        self.assertTrue(client.ping())
        self.assertTrue(broker.alive())

    def test_a_settings_file_that_is_gone_or_empty_of_keys_opens_nothing(self):
        gate, broker = self.start(TOKENS)
        gate.file.unlink()
        broker.sighup()
        self.eventually(lambda: gate.file.name in broker.log(), "the log names the missing file")
        self.assertGetsIn(broker, username="x", password=tokens.good())
        self.assertStaysOut(broker, username="x", password=tokens.changed(tokens.good()))

    def test_a_changed_file_that_was_not_applied_is_shown_by_status(self):
        gate, broker = self.start(TOKENS)
        self.assertNotRegex(gate.cli("status"), r"(?i)not applied")
        gate.write(TOKENS + 'leeway = "60s"\n')
        self.eventually(lambda: re.search(r"(?i)not applied|changed", gate.cli("status")))
        gate.reload()
        self.assertNotRegex(gate.cli("status"), r"(?i)not applied")

    def test_settings_that_do_not_load_stop_the_broker_at_its_start(self):
        from harness.case import Broker

        gate = self.gate(self.BROKEN)
        broker = Broker(gate)
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        self.assertRegex(broker.log(), r"sallyport\.toml:\d+:\d+")
        self.assertIn("leewaay", broker.log())

    def test_a_key_file_that_is_not_there_stops_the_broker_at_its_start(self):
        from harness.case import Broker

        gate = self.gate('[jwt]\npublic_key_file = "/nonexistent/key.pem"\n')
        broker = Broker(gate)
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        self.assertIn("/nonexistent/key.pem", broker.log())

    def test_without_plugin_opt_config_the_broker_does_not_start(self):
        from harness.case import Broker

        gate = self.gate(TOKENS)
        broker = Broker(gate)
        broker._plugin_lines = lambda: [f"plugin {machine.plugin_copy()}"]
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        self.assertIn("plugin_opt_config", broker.log())


class UsersThatChange(BrokerCase):
    def in_within_a_second(self, broker, wanted, **fields):
        started = time.monotonic()
        while (self.code(broker, **fields) == 0) != wanted:
            self.assertLess(time.monotonic() - started, 1.5, broker.log()[-1500:])
            time.sleep(0.02)
        self.assertLess(time.monotonic() - started, 1.1)

    def test_a_user_added_by_the_command_line_is_in_within_a_second(self):
        gate, broker = self.start(TOKENS)
        there = self.client(broker, client_id="there", username="x", password=tokens.good())
        gate.add_user("new", "wonderland-7")
        self.in_within_a_second(broker, True, username="new", password="wonderland-7")
        self.assertTrue(there.ping())

    def test_a_changed_password_a_disabled_and_a_deleted_user_are_in_force_within_a_second(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate)
        there = self.client(broker, client_id="there", username="alice", password="wonderland-7")
        gate.set_password("alice", "wonderland-8")
        self.in_within_a_second(broker, True, username="alice", password="wonderland-8")
        self.assertStaysOut(broker, username="alice", password="wonderland-7", reason="wrong_password")
        gate.cli("user", "disable", "alice")
        self.in_within_a_second(broker, False, username="alice", password="wonderland-8")
        gate.cli("user", "enable", "alice")
        self.in_within_a_second(broker, True, username="alice", password="wonderland-8")
        gate.cli("user", "delete", "alice")
        self.in_within_a_second(broker, False, username="alice", password="wonderland-8")
        self.assertFalse(there.ping(), "who came with the old password is out")

    def test_settings_put_into_the_store_are_in_force_within_a_second(self):
        gate = self.gate("")  # nothing but store and socket is pinned
        gate.seal()
        broker = self.broker(gate)
        self.assertStaysOut(broker, username="x", password=tokens.good())
        file = gate.folder / "revision.toml"
        file.write_text(TOKENS)
        gate.cli("config", "import", file)
        self.in_within_a_second(broker, True, username="x", password=tokens.good())
        file.write_text(f'[jwt]\nsecret = "{tokens.KEY[::-1]}"\n')
        gate.cli("config", "import", file)
        self.in_within_a_second(broker, False, username="x", password=tokens.good())

    def test_what_the_file_names_is_pinned_against_the_store(self):
        gate = self.gate(TOKENS)
        gate.seal()
        broker = self.broker(gate)
        file = gate.folder / "revision.toml"
        file.write_text(f'[jwt]\nsecret = "{tokens.KEY[::-1]}"\nleeway = "7200s"\n')
        gate.cli("config", "import", file)
        self.in_within_a_second(broker, True, username="x", password=tokens.expired())  # leeway: from the store
        other = tokens.hs({"sub": "x"}, key=tokens.KEY[::-1])
        self.assertStaysOut(broker, username="x", password=other, reason="bad_signature")  # secret: from the file

    def test_a_store_that_comes_later_is_found(self):
        gate = self.gate(TOKENS)
        self.assertFalse(gate.store_file.exists())
        broker = self.broker(gate)
        gate.add_user("late", "wonderland-7")
        self.in_within_a_second(broker, True, username="late", password="wonderland-7")


class SeveralListeners(BrokerCase):
    def test_per_listener_settings_share_one_gate_and_sighup_drops_nobody(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        listeners = [Listener(plugin=True), Listener(plugin=True)]
        broker = self.broker(gate, listeners=listeners, per_listener=True)
        clients = []
        for n, one in enumerate(listeners):
            for fields in ({"username": "x", "password": tokens.good()}, {"username": "alice", "password": "wonderland-7"}):
                client = raw_mqtt.Client(one.port)
                self.addCleanup(client.close)
                self.assertEqual(client.connect(client_id=f"c-{n}-{fields['username']}", **fields), 0)
                clients.append(client)
            self.assertEqual(raw_mqtt.connack(one.port, client_id="bad", username="x", password=tokens.expired()), 5)
        for _ in range(2):
            mark = broker.mark()
            broker.sighup()
            broker.wait_for_log(r"(?i)reload", mark)
            self.assertEqual([one.ping() for one in clients], [True] * 4)
        gate.write(f'[jwt]\nsecret = "{tokens.KEY[::-1]}"\n')
        gate.reload()
        for one in listeners:
            self.assertEqual(raw_mqtt.connack(one.port, client_id="bad", username="x", password=tokens.good()), 5)
