"""Who gets in and who does not, by password and by token."""

import shutil
import time

from harness import tokens
from harness.case import CLOSED, VERSIONS, V5, V31, V311, BrokerCase, Listener, raw_mqtt
from harness.gate import SECRET

DEMO = '[jwt]\nsecret = "secret"\n'
TOKENS = f"[jwt]\n{SECRET}\n"


class TheSampleToken(BrokerCase):
    @classmethod
    def setUpClass(cls):
        from harness.case import Broker, Gate

        cls.the_gate = Gate(DEMO)
        cls.the_gate.add_user("alice", "wonderland-7")
        cls.the_broker = Broker(cls.the_gate).start()

    @classmethod
    def tearDownClass(cls):
        code = cls.the_broker.stop()
        shutil.rmtree(cls.the_gate.folder, ignore_errors=True)
        assert code == 0, f"the broker ended with code {code}"

    def test_the_sample_token_gets_in_with_any_user_name_on_every_version(self):
        for version in VERSIONS:
            for name in ("anyone", "device 7", "ünï", tokens.SAMPLE_SUBJECT):
                self.assertGetsIn(self.the_broker, version, username=name, password=tokens.SAMPLE)

    def test_the_sample_token_gets_in_without_a_user_name_on_mqtt_5(self):
        self.assertGetsIn(self.the_broker, V5, password=tokens.SAMPLE)

    def test_the_same_token_with_one_letter_changed_stays_out(self):
        for version in VERSIONS:
            self.assertStaysOut(
                self.the_broker, version, username="anyone", password=tokens.changed(tokens.SAMPLE),
                reason="bad_signature",
            )  # fmt: skip

    def test_a_changed_token_without_a_user_name_stays_out_on_mqtt_5(self):
        self.assertStaysOut(self.the_broker, V5, password=tokens.changed(tokens.SAMPLE), reason="bad_signature")

    def test_a_known_user_with_the_right_password_gets_in(self):
        for version in VERSIONS:
            self.assertGetsIn(self.the_broker, version, username="alice", password="wonderland-7")

    def test_a_known_user_with_a_wrong_password_stays_out(self):
        for version in VERSIONS:
            self.assertStaysOut(self.the_broker, version, username="alice", password="wonderland-8", reason="wrong_password")

    def test_a_known_user_with_a_good_token_as_password_stays_out(self):
        self.assertStaysOut(self.the_broker, username="alice", password=tokens.SAMPLE, reason="wrong_password")

    def test_an_unknown_user_with_a_password_that_is_no_token_stays_out(self):
        for version in VERSIONS:
            self.assertStaysOut(self.the_broker, version, username="nobody", password="guess", reason="not_a_token")

    def test_a_user_name_alone_stays_out(self):
        self.assertStaysOut(self.the_broker, username="alice")
        self.assertStaysOut(self.the_broker, username="nobody", reason="unknown_credential")

    def test_whoever_shows_nothing_stays_out(self):
        for version in VERSIONS:
            self.assertStaysOut(self.the_broker, version, reason="no_credentials")

    def test_a_token_cut_short_or_with_more_behind_it_stays_out(self):
        for text in (tokens.SAMPLE[:-1], tokens.SAMPLE + "=", tokens.SAMPLE + ".", tokens.SAMPLE + " ", " " + tokens.SAMPLE):
            self.assertStaysOut(self.the_broker, username="anyone", password=text)

    def test_unsigned_tokens_stay_out_in_every_spelling(self):
        head = tokens.SAMPLE.split(".")
        for alg in ("none", "None", "NONE", "nOnE", ""):
            forged = tokens.b64(b'{"alg":"%s"}' % alg.encode()) + "." + head[1] + "."
            self.assertStaysOut(self.the_broker, username="anyone", password=forged)
            self.assertStaysOut(self.the_broker, username="anyone", password=forged + head[2])

    def test_a_token_signed_with_the_empty_key_stays_out(self):
        self.assertStaysOut(self.the_broker, username="anyone", password=tokens.hs({"sub": "x"}, key=""), reason="bad_signature")

    def test_an_encrypted_token_is_named_as_such(self):
        five = ".".join([tokens.b64(b'{"alg":"dir","enc":"A256GCM"}'), "", "AAAA", "AAAA", "AAAA"])
        self.assertStaysOut(self.the_broker, username="anyone", password=five, reason="encrypted_token")

    def test_a_very_long_password_stays_out_and_the_broker_lives(self):
        self.assertStaysOut(self.the_broker, username="anyone", password="x" * 65535)
        self.assertStaysOut(self.the_broker, username="alice", password="x" * 65535)
        self.assertGetsIn(self.the_broker, username="anyone", password=tokens.SAMPLE)


class Times(BrokerCase):
    def test_an_expired_token_stays_out_and_its_fresh_twin_gets_in(self):
        gate, broker = self.start(TOKENS)
        self.assertStaysOut(broker, username="x", password=tokens.expired(), reason="expired")
        self.assertGetsIn(broker, username="x", password=tokens.good())

    def test_a_token_for_later_stays_out(self):
        gate, broker = self.start(TOKENS)
        later = tokens.good(nbf=int(time.time()) + 600)
        self.assertStaysOut(broker, username="x", password=later, reason="not_yet_valid")

    def test_require_exp_keeps_out_a_token_without_one(self):
        gate, broker = self.start(TOKENS + "require_exp = true\n")
        self.assertStaysOut(broker, username="x", password=tokens.hs({"sub": "x"}), reason="missing_expiry")
        self.assertGetsIn(broker, username="x", password=tokens.good())


class Rules(BrokerCase):
    def test_a_claim_rule_binds_the_token_to_user_name_and_client_id(self):
        gate, broker = self.start(TOKENS + 'claims = { username = "%u", device = "d-${clientid}" }\n')
        token = tokens.good(username="ann", device="d-c-1")
        self.assertGetsIn(broker, username="ann", client_id="c-1", password=token)
        self.assertStaysOut(broker, username="bob", client_id="c-1", password=token, reason="claim_mismatch")
        self.assertStaysOut(broker, username="ann", client_id="c-2", password=token, reason="claim_mismatch")
        self.assertStaysOut(broker, username="ann", password=tokens.good(device="d-c-1"), reason="claim_missing")

    def test_issuer_and_audience_are_held_against_the_settings(self):
        gate, broker = self.start(TOKENS + 'issuer = "https://id.example"\naudience = ["mqtt"]\n')
        self.assertGetsIn(broker, username="x", password=tokens.good(iss="https://id.example", aud=["web", "mqtt"]))
        self.assertStaysOut(broker, username="x", password=tokens.good(iss="https://id.example/", aud="mqtt"), reason="issuer_mismatch")
        self.assertStaysOut(broker, username="x", password=tokens.good(iss="https://id.example", aud="web"), reason="audience_mismatch")

    def test_rs256_and_es256_tokens_are_verified_with_a_key_file(self):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        for alg, key in (("RS256", rsa.generate_private_key(65537, 2048)), ("ES256", ec.generate_private_key(ec.SECP256R1()))):
            with self.subTest(alg):
                gate = self.gate("")
                file = gate.folder / f"{alg}.pem"
                file.write_bytes(
                    key.public_key().public_bytes(
                        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                    )
                )
                file.chmod(0o644)
                gate.write(f'[jwt]\npublic_key_file = "{file}"\n')
                broker = self.broker(gate)
                token = tokens.by_pyjwt({"sub": "d"}, key, alg)
                self.assertGetsIn(broker, username="x", password=token)
                self.assertStaysOut(broker, username="x", password=tokens.changed(token), reason="bad_signature")
                # The public key's text is no HMAC secret (RFC 8725 3.2).
                forged = tokens.hs({"sub": "d"}, key=file.read_bytes())
                self.assertStaysOut(broker, username="x", password=forged, reason="no_key_for_algorithm")


class NoMatch(BrokerCase):
    def test_deny_keeps_out_whoever_shows_nothing(self):
        gate, broker = self.start(TOKENS, allow_anonymous=True)
        for version in VERSIONS:
            self.assertStaysOut(broker, version, reason="no_credentials")

    def test_allow_admits_only_who_shows_nothing_at_all(self):
        gate, broker = self.start('[chain]\nno_match = "allow"\n' + TOKENS + 'not_a_token = "ignore"\n', allow_anonymous=True)
        for version in VERSIONS:
            self.assertGetsIn(broker, version)
            self.assertStaysOut(broker, version, username="nobody", reason="unknown_credential")
            self.assertStaysOut(broker, version, username="nobody", password="guess", reason="unknown_credential")
        self.assertStaysOut(broker, V5, password="guess", reason="unknown_credential")
        self.assertStaysOut(broker, username="nobody", password=tokens.changed(tokens.good()), reason="bad_signature")

    def password_file(self, gate):
        import subprocess

        from harness import machine

        file = gate.folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", file, "legacy", "old-password"], check=True, capture_output=True)
        machine.give_to_broker(file, 0o640)
        return file

    def test_defer_lets_the_brokers_own_password_file_answer(self):
        gate = self.gate('[chain]\nno_match = "defer"\n' + TOKENS + 'not_a_token = "ignore"\n')
        broker = self.broker(gate, options=[f"password_file {self.password_file(gate)}"])
        self.assertGetsIn(broker, username="legacy", password="old-password")
        self.assertStaysOut(broker, username="legacy", password="new-password")
        self.assertGetsIn(broker, username="x", password=tokens.good())
        # From the moment that it is a token, it is ours to refuse.
        self.assertStaysOut(broker, username="legacy", password=tokens.expired(), reason="expired")

    def test_deny_does_not_let_the_brokers_own_password_file_answer(self):
        gate = self.gate(TOKENS + 'not_a_token = "ignore"\n')
        broker = self.broker(gate, options=[f"password_file {self.password_file(gate)}"])
        self.assertStaysOut(broker, username="legacy", password="old-password", reason="unknown_credential")

    def test_with_both_authenticators_off_nobody_gets_in_whatever_no_match_says(self):
        for no_match in ("deny", "allow", "defer"):
            with self.subTest(no_match):
                settings = f'[chain]\nno_match = "{no_match}"\n[password]\nenabled = false\n{TOKENS}enabled = false\n'
                gate, broker = self.start(settings, allow_anonymous=True)
                gate.add_user("alice", "wonderland-7")
                for version in VERSIONS:
                    self.assertStaysOut(broker, version, reason="nothing_enabled")
                    self.assertStaysOut(broker, version, username="alice", password="wonderland-7", reason="nothing_enabled")
                    self.assertStaysOut(broker, version, username="x", password=tokens.good(), reason="nothing_enabled")
                self.assertRegex(gate.cli("status"), r"(?i)nobody|off")


class Switches(BrokerCase):
    def test_password_and_tokens_are_switched_off_and_on_while_the_broker_runs(self):
        gate, broker = self.start(TOKENS)
        gate.add_user("alice", "wonderland-7")

        def doors():
            return (
                self.code(broker, username="alice", password="wonderland-7") == 0,
                self.code(broker, username="x", password=tokens.good()) == 0,
            )

        self.eventually(lambda: doors() == (True, True), "both open")
        gate.write("[password]\nenabled = false\n" + TOKENS)
        gate.reload()
        self.assertEqual(doors(), (False, True))
        gate.write(TOKENS + "enabled = false\n")
        gate.reload()
        self.assertEqual(doors(), (True, False))
        gate.write(TOKENS)
        gate.reload()
        self.assertEqual(doors(), (True, True))

    def test_after_a_reload_without_a_key_the_empty_key_opens_nothing(self):
        gate, broker = self.start(TOKENS)
        gate.write("")
        gate.reload()
        self.assertStaysOut(broker, username="x", password=tokens.hs({"sub": "x"}, key=""))
        self.assertStaysOut(broker, username="x", password=tokens.good())
        gate.write('[jwt]\nsecret = ""\n')
        gate.reload(code=1)
        self.assertStaysOut(broker, username="x", password=tokens.hs({"sub": "x"}, key=""))


class Transports(BrokerCase):
    def everywhere(self):
        return [Listener("tcp"), Listener("tls"), Listener("ws"), Listener("wss")]

    def paho(self, broker, transport, version, username, password):
        """The code that paho is told, or "closed"."""
        import paho.mqtt.client as paho

        protocol = {V31: paho.MQTTv31, V311: paho.MQTTv311, V5: paho.MQTTv5}[version]
        client = paho.Client("paho-1", protocol=protocol, transport="websockets" if transport.startswith("ws") else "tcp")
        if transport in ("tls", "wss"):
            client.tls_set(str(broker.authority.file))
        if username is not None or password is not None:
            client.username_pw_set(username, password)
        got = []
        client.on_connect = lambda c, u, f, code, *more: got.append(getattr(code, "value", code))
        client.on_disconnect = lambda *words: got.append(CLOSED)
        client.connect("localhost" if transport in ("tls", "wss") else "127.0.0.1", broker.port_of(transport))
        end = time.monotonic() + 10
        while not got and time.monotonic() < end:
            if client.loop(0.1) != 0 and not got:
                got.append(CLOSED)
        client.disconnect()
        return got[0] if got else None

    def test_tokens_and_passwords_work_over_tcp_tls_and_websocket(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate, listeners=self.everywhere())
        for transport in ("tcp", "tls", "ws", "wss"):
            for version in (V311, V5):
                with self.subTest(transport=transport, version=version):
                    refused = raw_mqtt.REFUSED[version]
                    self.assertEqual(self.paho(broker, transport, version, "x", tokens.good()), 0, broker.log()[-1500:])
                    self.assertEqual(self.paho(broker, transport, version, "x", tokens.expired()), refused)
                    self.assertEqual(self.paho(broker, transport, version, "alice", "wonderland-7"), 0)
                    self.assertEqual(self.paho(broker, transport, version, "alice", "wonder"), refused)

    def test_a_published_secret_admits_no_websocket_client(self):
        gate = self.gate(DEMO)
        broker = self.broker(gate, listeners=self.everywhere())
        self.assertEqual(self.paho(broker, "tcp", V311, "x", tokens.SAMPLE), 0)
        self.assertEqual(self.paho(broker, "ws", V311, "x", tokens.SAMPLE), 5)
        self.assertEqual(gate.last_reason(), "published_secret")
        self.assertEqual(self.paho(broker, "wss", V311, "x", tokens.SAMPLE), 5)
        self.assertIn("printed in public documents", broker.log())
        done = gate.run("config", "check", "--config", gate.file)
        self.assertEqual(done.returncode, 0)
        self.assertIn("printed in public documents", done.stdout + done.stderr)

    def test_allow_published_secrets_opens_that_on_purpose(self):
        gate = self.gate(DEMO + "allow_published_secrets = true\n")
        broker = self.broker(gate, listeners=self.everywhere())
        self.assertEqual(self.paho(broker, "ws", V311, "x", tokens.SAMPLE), 0)

    def test_a_client_certificate_is_taken_on_one_listener_and_a_token_on_another(self):
        certified = Listener("tls", ("use_identity_as_username true",), require_certificate=True)
        gate = self.gate(TOKENS)
        broker = self.broker(gate, listeners=[Listener("tcp"), certified])
        certificate = broker.authority.issue("device-9")
        context = broker.tls_context(certificate)
        self.assertEqual(raw_mqtt.connack(certified.port, V311, tls=context, client_id="c-9"), 0, broker.log()[-1500:])
        self.assertGetsIn(broker, username="x", password=tokens.good())
        self.assertStaysOut(broker, client_id="c-9", username="device-9", password="")

    def test_mosquitto_pub_and_sub_pass_messages_with_tokens(self):
        import subprocess

        gate, broker = self.start(TOKENS)
        sub = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-u", "s", "-P", tokens.good("s"), "-t", "t", "-C", "1", "-W", "20"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(sub.kill)
        broker.wait_for_log(r"SUBACK")
        pub = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "t", "-m", "hello"]
        self.assertEqual(subprocess.run([*pub, "-u", "p", "-P", tokens.good("p")]).returncode, 0)
        self.assertEqual(sub.communicate(timeout=20)[0], "hello\n")
        refused = subprocess.run([*pub, "-u", "p", "-P", tokens.expired("p")], capture_output=True, text=True)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("not authori", refused.stderr.lower())


class TokenInTheUserName(BrokerCase):
    SETTINGS = TOKENS + 'from = "username"\n'

    def test_the_user_name_is_replaced_by_the_principal_before_anything_is_logged(self):
        gate, broker = self.start(self.SETTINGS)
        token = tokens.good("pump-12")
        client = self.client(broker, username=token)
        broker.wait_for_log(r"u'pump-12'")
        self.assertNotIn(token, broker.log())
        self.assertNotIn(token.split(".")[2], broker.log())
        self.assertTrue(client.ping())

    def test_a_refused_token_in_the_user_name_is_not_logged_either(self):
        gate, broker = self.start(self.SETTINGS)
        for token in (tokens.expired("pump-12"), tokens.changed(tokens.good("pump-12"))):
            self.assertStaysOut(broker, username=token)
            self.assertStaysOut(broker, V5, username=token, password="x")
            self.assertNotIn(token.split(".")[2], broker.log())
            self.assertNotIn(token.split(".")[1], broker.log())

    def test_without_a_sub_the_client_id_is_the_name(self):
        gate, broker = self.start(self.SETTINGS)
        token = tokens.hs({"exp": int(time.time()) + 60})
        self.client(broker, client_id="the-id", username=token)
        broker.wait_for_log(r"u'the-id'")
        self.assertNotIn(token, broker.log())


class Observe(BrokerCase):
    def test_observe_decides_logs_and_counts_but_lets_the_broker_answer(self):
        gate = self.gate('[gate]\nmode = "observe"\n' + TOKENS)
        file = NoMatch.password_file(self, gate)
        broker = self.broker(gate, options=[f"password_file {file}"])
        self.assertGetsIn(broker, username="legacy", password="old-password")
        self.assertEqual(gate.last_reason(), "not_a_token")
        self.assertStaysOut(broker, username="x", password=tokens.good())
        self.assertIn('reason="token_ok"} 1', gate.cli("metrics"))
        self.assertIn("observe", gate.cli("status"))


class Users(BrokerCase):
    def test_a_disabled_user_stays_out_until_enabled(self):
        gate, broker = self.start(TOKENS)
        gate.add_user("alice", "wonderland-7")
        self.eventually(lambda: self.code(broker, username="alice", password="wonderland-7") == 0)
        gate.cli("user", "disable", "alice")
        self.eventually(lambda: self.code(broker, username="alice", password="wonderland-7") != 0, seconds=1.5)
        self.assertStaysOut(broker, username="alice", password="wonderland-7", reason="user_disabled")
        gate.cli("user", "enable", "alice")
        self.eventually(lambda: self.code(broker, username="alice", password="wonderland-7") == 0, seconds=1.5)

    def test_guessing_is_slowed_and_tokens_never_meet_that_brake(self):
        gate, broker = self.start(TOKENS)
        gate.add_user("alice", "wonderland-7")
        self.eventually(lambda: self.code(broker, username="alice", password="wonderland-7") == 0)
        for n in range(40):
            self.assertStaysOut(broker, username="alice", password=f"guess-{n}")
        self.assertEqual(gate.last_reason(), "too_many_attempts")
        self.assertGetsIn(broker, username="x", password=tokens.good())
        # A right password that was seen before is remembered, and not braked.
        self.assertGetsIn(broker, username="alice", password="wonderland-7")
