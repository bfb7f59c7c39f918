"""What the plugin owes a live fleet: observing that changes nothing, wills and retained messages, SIGHUP, two listeners."""

import re
import subprocess
import time

from harness import machine, tokens
from harness.case import V5, V311, Broker, BrokerCase, Listener, current_version, raw_mqtt
from harness.gate import SECRET

TOKENS = f"[jwt]\n{SECRET}\n"
OBSERVE = '[gate]\nmode = "observe"\n'
METER = tokens.good("meter")  # one token: made anew a second later it would be another password
TAKEN = (0, 0x10)  # PUBACK: well, or well but nobody listens


def password_file(gate, *pairs):
    file = gate.folder / "passwords"
    for n, (name, password) in enumerate(pairs):
        words = ["mosquitto_passwd", "-b", *(["-c"] if n == 0 else []), file, name, password]
        subprocess.run(words, check=True, capture_output=True)
    machine.give_to_broker(file, 0o600)
    return file


class ObservingALiveFleet(BrokerCase):
    def fleet(self, settings, **named):
        gate = self.gate(settings)
        file = password_file(gate, ("legacy", "old-password"), ("meter", METER))
        return gate, self.broker(gate, options=[f"password_file {file}"], **named)

    def assertTalks(self, client, topic):
        self.assertIn(client.subscribe(topic, 1), (0, 1))
        self.assertEqual(client.publish(topic, "hello", 1), 0)
        self.assertEqual(client.message(), (topic, b"hello"))

    def test_a_fleet_without_an_acl_file_publishes_and_receives_as_before(self):
        gate, broker = self.fleet(OBSERVE + TOKENS)
        self.assertTalks(self.client(broker, V5, client_id="l", username="legacy", password="old-password"), "a")

    def test_clients_that_the_broker_lets_in_without_a_name_go_on_too(self):
        gate, broker = self.fleet(OBSERVE + TOKENS, allow_anonymous=True)
        self.assertTalks(self.client(broker, V5, client_id="n"), "a")

    def test_an_acl_file_is_obeyed_while_the_gate_observes(self):
        gate = self.gate(OBSERVE + TOKENS)
        file, rights = password_file(gate, ("legacy", "old-password")), gate.folder / "rights"
        rights.write_text("user legacy\ntopic readwrite allowed/#\n")
        machine.give_to_broker(rights, 0o600)
        broker = self.broker(gate, options=[f"password_file {file}", f"acl_file {rights}"])
        client = self.client(broker, V5, client_id="l", username="legacy", password="old-password")
        self.assertTalks(client, "allowed/a")
        self.assertEqual(client.publish("other", "x", 1), 0x87)

    def test_enforcing_keeps_who_would_have_been_admitted_and_mutes_who_would_not(self):
        gate, broker = self.fleet(OBSERVE + TOKENS)
        good = self.client(broker, V5, client_id="g", username="meter", password=METER)
        legacy = self.client(broker, V5, client_id="l", username="legacy", password="old-password")
        self.assertTalks(good, "g")
        self.assertTalks(legacy, "l")
        gate.write(TOKENS)
        gate.reload()
        self.eventually(lambda: legacy.publish("l", "x", 1) == 0x87)
        self.assertTalks(good, "g")
        self.assertTrue(legacy.ping())
        self.assertStaysOut(broker, client_id="l2", username="legacy", password="old-password")

    def test_observing_again_gives_the_fleet_back_to_the_broker(self):
        gate, broker = self.fleet(TOKENS)
        self.assertStaysOut(broker, username="legacy", password="old-password")
        gate.write(OBSERVE + TOKENS)
        gate.reload()
        self.eventually(lambda: self.code(broker, username="legacy", password="old-password") == 0)
        legacy = self.client(broker, V5, client_id="l", username="legacy", password="old-password")
        self.assertTalks(legacy, "l")


class GhostsAndWills(BrokerCase):
    def test_the_delayed_will_of_an_admitted_client_is_published(self):
        gate, broker = self.start(TOKENS)
        watcher = self.client(broker, client_id="watcher", username="w", password=tokens.good())
        watcher.subscribe("will/#")
        leaving = self.client(
            broker, V5, client_id="leaving", password=tokens.good(), session_expiry=30, will=raw_mqtt.Will("will/late", delay=1)
        )
        leaving.close()
        self.assertEqual(watcher.message(), ("will/late", b"will"))

    def test_a_retained_message_outlives_its_sender_where_the_broker_asks_about_its_source(self):
        for version in (V311, V5):
            gate, broker = self.start(TOKENS, options=["check_retain_source true"])
            sender = self.client(broker, version, client_id="sender", username="s", password=tokens.good())
            self.assertIn(sender.publish("kept", "word", 1, retain=True), TAKEN)
            sender.disconnect()
            reader = self.client(broker, version, client_id="reader", username="r", password=tokens.good())
            reader.subscribe("kept")
            self.assertEqual(reader.message(), ("kept", b"word"))

    def test_a_retained_message_of_a_nameless_client_outlives_it_too(self):
        gate, broker = self.start(TOKENS, options=["check_retain_source true"])
        sender = self.client(broker, V5, client_id="sender", password=tokens.hs({"iat": 1}))
        self.assertIn(sender.publish("kept", "word", 1, retain=True), TAKEN)
        sender.close()
        reader = self.client(broker, V5, client_id="reader", password=tokens.good())
        reader.subscribe("kept")
        self.assertEqual(reader.message(), ("kept", b"word"))


class CheckedAgain(BrokerCase):
    def sighup(self, broker):
        mark = broker.mark()
        broker.sighup()
        broker.wait_for_log(r"(?i)reloading config", mark)

    def test_a_token_that_ran_out_ends_no_session_with_sighup_but_admits_no_new_one(self):
        gate, broker = self.start("[session]\nend_at_exp = false\n" + TOKENS)
        token = tokens.hs({"sub": "short", "exp": int(time.time()) + 2})
        clients = [
            self.client(broker, V311, client_id="a", username="x", password=token),
            self.client(broker, V5, client_id="b", password=token),
        ]
        self.eventually(lambda: self.code(broker, client_id="c", username="x", password=token) == 5, seconds=5)
        for _ in range(3):
            self.sighup(broker)
            self.assertEqual([one.ping() for one in clients], [True, True])
            self.assertStaysOut(broker, client_id="a", username="x", password=token, reason="expired")
            self.assertStaysOut(broker, V5, client_id="b", password=token, reason="expired")
        self.assertIn("sallyport_rechecks_total 6", gate.cli("metrics"))

    def test_a_stranger_right_after_a_sighup_is_judged_like_any_other(self):
        gate, broker = self.start(TOKENS)
        for n in range(30):
            with raw_mqtt.Client(broker.port) as good:
                self.assertEqual(good.connect(client_id="c", username="x", password=tokens.good()), 0)
            broker.sighup()
            self.assertNotEqual(self.code(broker, client_id="c", username="x", password=tokens.expired()), 0)

    def test_with_per_listener_settings_too(self):
        gate = self.gate(TOKENS)
        broker = self.broker(gate, listeners=[Listener(plugin=True), Listener(plugin=True)], per_listener=True)
        for n in range(20):
            with raw_mqtt.Client(broker.port) as good:
                self.assertEqual(good.connect(client_id="c", username="x", password=tokens.good()), 0)
            broker.sighup()
            # Once the broker may mistake it for a session without a connection and close it; it is never let in.
            for _ in range(3):
                self.assertNotEqual(self.code(broker, client_id="c", username="x", password=tokens.expired()), 0)
            self.eventually(lambda: self.code(broker, client_id="c", username="x", password=tokens.good()) == 0, seconds=2)


class TwoListeners(BrokerCase):
    def test_two_settings_files_judge_their_own_listeners(self):
        one = self.gate(TOKENS)
        other_key = "another-key-that-is-long-enough-0123456789abcdef"
        two = self.gate(f'[jwt]\nsecret = "{other_key}"\n')
        broker = Broker(one, listeners=[Listener(plugin=True), Listener()], per_listener=True)
        broker.listeners[1].options = (
            "allow_anonymous false", f"plugin {machine.plugin_copy()}", f"plugin_opt_config {two.file}",
        )  # fmt: skip
        broker.start()
        self.addCleanup(self._stop, broker)
        theirs = tokens.hs({"sub": "d"}, key=other_key)
        ports = [listener.port for listener in broker.listeners]
        self.assertEqual(raw_mqtt.connack(ports[0], username="x", password=tokens.good()), 0)
        self.assertEqual(raw_mqtt.connack(ports[0], username="x", password=theirs), 5)
        self.assertEqual(raw_mqtt.connack(ports[1], username="x", password=theirs), 0)
        self.assertEqual(raw_mqtt.connack(ports[1], username="x", password=tokens.good()), 5)
        self.assertEqual(one.status()["users"], two.status()["users"])

    def test_clients_by_certificate_are_counted_and_judged_by_the_acl_file(self):
        gate = self.gate(TOKENS)
        rights = gate.folder / "rights"
        rights.write_text("user device-c\ntopic readwrite c/#\n")
        machine.give_to_broker(rights, 0o600)
        secure = Listener("tls", ("use_identity_as_username true",), require_certificate=True)
        broker = self.broker(gate, listeners=[Listener(), secure], options=[f"acl_file {rights}"])
        certificate = broker.authority.issue("device-c")
        context = broker.tls_context(certificate)
        with raw_mqtt.Client(secure.port, V5, tls=context) as client:
            self.assertEqual(client.connect(client_id="by-certificate"), 0)
            self.assertIn(client.publish("c/1", "x", 1), TAKEN)
            self.assertEqual(client.publish("d/1", "x", 1), 0x87)
            self.assertIn("sallyport_not_ours_total 1", gate.cli("metrics"))
            self.assertIn("1 never judged", gate.cli("status"))
        self.eventually(lambda: "0 never judged" in gate.cli("status"))
        # The gate is not asked about CONNECT; what comes then is stopped.
        gate.cli("block", "add", "--client-id", "by-certificate")
        self.eventually(lambda: gate.status()["blocks"] == 1)
        watcher = self.client(broker, client_id="watcher", username="x", password=tokens.good())
        watcher.subscribe("c/#")
        with raw_mqtt.Client(secure.port, V5, tls=context) as client:
            self.assertEqual(client.connect(client_id="by-certificate"), 0)
            client.publish("c/1", "x")
            self.assertIn(client.expect(raw_mqtt.DISCONNECT)[0], (0x80, 0x98))
        self.assertTrue(watcher.ping())
        self.assertEqual(watcher._kept, [])

    def test_clients_by_psk_are_counted_and_judged_by_the_acl_file(self):
        gate = self.gate(TOKENS)
        rights, keys = gate.folder / "rights", gate.folder / "psk"
        rights.write_text("user device-p\ntopic readwrite c/#\n")
        keys.write_text("device-p:00112233445566778899aabbccddeeff\n")
        for file in (rights, keys):
            machine.give_to_broker(file, 0o600)
        secret = Listener("tcp", ("psk_hint h", "use_identity_as_username true"))
        broker = self.broker(gate, listeners=[Listener(), secret], options=[f"acl_file {rights}", f"psk_file {keys}"])
        watcher = self.client(broker, client_id="watcher", username="x", password=tokens.good())
        watcher.subscribe("#")
        say = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(secret.port), "--psk-identity", "device-p", "--psk", "00112233445566778899aabbccddeeff"]
        for topic in ("d/1", "c/1"):
            subprocess.run([*say, "-q", "1", "-t", topic, "-m", "x"], capture_output=True, timeout=20)
        self.assertEqual(watcher.message(), ("c/1", b"x"))
        self.assertIn("sallyport_not_ours_total 2", gate.cli("metrics"))


class Start(BrokerCase):
    def test_a_second_plugin_line_that_the_broker_would_never_ask_stops_the_start(self):
        gate = self.gate(TOKENS)
        broker = Broker(gate, plugin_count=2)
        if current_version() >= (2, 1):  # which asks both
            broker.start()
            self.addCleanup(self._stop, broker)
            self.assertGetsIn(broker, username="x", password=tokens.good())
            self.assertEqual(self.code(broker, username="x", password=tokens.expired()), 5)
            return
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        self.assertIn("hint: name it once", broker.log())

    def settings_path(self, gate, text):
        broker = Broker(gate)
        broker._plugin_lines = lambda: [f"plugin {machine.plugin_copy()}", *text]
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        return broker.log()

    def test_a_path_that_mosquitto_conf_spoils_is_explained(self):
        gate = self.gate(TOKENS)
        self.assertIn("take the space", self.settings_path(gate, [f"plugin_opt_config {gate.file} "]))
        self.assertIn("take the quotes", self.settings_path(gate, [f'plugin_opt_config "{gate.file}"']))
        self.assertIn("a line of its own", self.settings_path(gate, [f"plugin_opt_config {gate.file} # ours"]))
        self.assertIn("No such file", self.settings_path(gate, [f"plugin_opt_config {gate.file}.not"]))
        self.assertIn("not an option", self.settings_path(gate, [f"plugin_opt_config {gate.file}", "plugin_opt_secret x"]))

    def test_every_fault_of_the_settings_is_named_with_its_place(self):
        gate = self.gate(TOKENS + 'leewaay = "5s"\nrequire_expp = true\n')
        broker = Broker(gate)
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        self.assertRegex(broker.log(), r"sallyport\.toml:\d+:\d+: .*leewaay.*hint: .*leeway")
        self.assertRegex(broker.log(), r"sallyport\.toml:\d+:\d+: .*require_exp")

    def test_a_control_socket_that_another_broker_has_is_left_to_it(self):
        gate, first = self.start(TOKENS)
        second = self.broker(gate)
        second.wait_for_log("another process answers on")
        self.assertGetsIn(second, username="x", password=tokens.good())
        self.assertEqual(gate.status()["host"]["broker"][:9], "mosquitto")
        self.assertStaysOut(first, client_id="asked", username="x", password=tokens.expired(), reason="expired")

    def test_a_file_in_the_place_of_the_control_socket_is_left_alone(self):
        gate = self.gate(TOKENS)
        precious = gate.folder / "control.sock"
        precious.write_text("precious")
        machine.give_to_broker(precious, 0o600)
        broker = self.broker(gate)
        broker.wait_for_log("is there and is no socket")
        self.assertGetsIn(broker, username="x", password=tokens.good())
        broker.stop()
        self.assertEqual(precious.read_text(), "precious")


class Names(BrokerCase):
    USERNAME = f'[jwt]\nfrom = "username"\n{SECRET}\n'

    def test_a_principal_that_no_user_name_may_be_is_refused(self):
        gate, broker = self.start(self.USERNAME)
        for subject in ("a\nb", "a\u0000b", "a\u0085b", "\u007f", "\uffff", "x" * 70000):
            token = tokens.hs({"sub": subject})
            if len(token) > 65535:
                continue
            self.assertNotEqual(self.code(broker, V5, username=token, password="-"), 0, repr(subject))
        self.assertGetsIn(broker, V5, username=tokens.hs({"sub": "m\u00fcller/7"}), password="-")
        self.assertRegex(broker.log(), "u'm\u00fcller/7'")

    def test_a_user_name_that_is_shown_beside_a_token_stays_as_it_is(self):
        gate, broker = self.start(TOKENS)
        self.client(broker, V311, client_id="a", username="as-written", password=tokens.good("principal"))
        broker.wait_for_log(r"as a \(.*u'as-written'")

    def test_a_nameless_client_gets_its_principals_name(self):
        gate, broker = self.start(TOKENS)
        self.client(broker, V5, client_id="a", password=tokens.good("principal-7"))
        broker.wait_for_log(r"as a \(.*u'principal-7'")

    def test_a_client_that_was_admitted_with_nothing_can_talk(self):
        gate, broker = self.start(f'[chain]\nno_match = "allow"\n{TOKENS}')
        for allow in (V311, V5):
            client = self.client(broker, allow, client_id=f"n-{allow}")
            client.subscribe("a")
            self.assertEqual(client.publish("a", "hello", 1), 0)
            self.assertEqual(client.message(), ("a", b"hello"))


class TheFile(BrokerCase):
    # What 2.0.11, 2.0.21 and 2.1.2 all have; one undefined symbol more and a broker does not start.
    EVERYWHERE = {
        "mosquitto_" + name
        for name in """callback_register callback_unregister calloc malloc realloc free strdup client_address client_certificate
        client_clean_session client_id client_keepalive client_protocol client_protocol_version client_sub_count client_username
        set_username kick_client_by_clientid kick_client_by_username log_printf broker_publish broker_publish_copy
        property_free_all pub_topic_check sub_topic_check topic_matches_sub validate_utf8""".split()
    }

    def test_the_plugin_asks_of_the_broker_only_what_every_version_has(self):
        lines = subprocess.run(["nm", "-D", "--undefined-only", machine.PLUGIN], capture_output=True, text=True, check=True).stdout
        needed, optional = set(), set()
        for line in lines.splitlines():
            kind, name = line.split()[-2:]
            if name.startswith("mosquitto_"):
                (optional if kind in "wv" else needed).add(name)
        self.assertLessEqual(needed, self.EVERYWHERE)
        self.assertIn("mosquitto_complete_basic_auth", optional)

    def test_symbols_are_bound_when_it_is_loaded_and_its_text_is_not_written_to(self):
        lines = subprocess.run(["readelf", "-d", machine.PLUGIN], capture_output=True, text=True, check=True).stdout
        self.assertRegex(lines, r"FLAGS.*(BIND_NOW|NOW)")
        self.assertNotIn("TEXTREL", lines)
        self.assertIsNone(re.search(r"RPATH|RUNPATH", lines))
