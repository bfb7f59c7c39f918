"""Fleets as they arrive: by certificate or token, with files of the wrong owner, with other systems' hashes, after an absence."""

import base64
import hashlib
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import machine, tokens
from harness.case import CLOSED, V5, V311, Broker, BrokerCase, Listener, raw_mqtt
from harness.gate import SECRET
from harness.keys import Pair

TOKENS = f"[jwt]\n{SECRET}\n"
PAGE = machine.ROOT / "docs" / "mosquitto.md"


class CertificateOrToken(BrokerCase):
    def settings_of_the_page(self, gate, broker):
        """The page's own lines, with this test's ports and files in the place of its."""
        block = re.search(r"client certificate on one listener.*?```\n(.*?)```", PAGE.read_text(), re.DOTALL | re.IGNORECASE).group(1)
        certificate, key = broker.authority.issue("localhost", server=True)
        for theirs, ours in (
            ("listener 8883", f"listener {broker.listeners[0].port} 127.0.0.1"),
            ("listener 8884", f"listener {broker.listeners[1].port} 127.0.0.1"),
            ("/etc/mosquitto/ca.pem", broker.authority.file),
            ("/etc/mosquitto/server.pem", certificate),
            ("/etc/mosquitto/server.key", key),
            ("/usr/local/lib/sallyport/libsallyport_mosquitto.so", machine.plugin_copy()),
            ("/etc/sallyport/sallyport.toml", gate.file),
        ):
            self.assertIn(theirs, block)
            block = block.replace(theirs, str(ours))
        self.assertNotIn("/etc/", block)
        head = f"user {machine.BROKER_USER}\n" if machine.IS_ROOT else ""
        return f"{head}log_dest stderr\nlog_type all\nlog_timestamp false\n{block}"

    def without_certificate(self, port, version, context):
        """TLS 1.3 says it after the handshake, older ones in it."""
        try:
            return raw_mqtt.connack(port, version, tls=context, client_id="c-1", username="x", password=tokens.good())
        except OSError:
            return CLOSED

    def test_a_certificate_on_one_listener_and_a_token_on_the_other_as_the_page_writes_it(self):
        from harness import certs

        gate = self.gate(TOKENS)
        broker = Broker(gate, listeners=[Listener("tls"), Listener("tls")])
        broker.authority = certs.Authority(gate.folder)
        broker._settings = lambda: self.settings_of_the_page(gate, broker)
        broker.start()
        self.addCleanup(self._stop, broker)
        by_certificate, by_token = (listener.port for listener in broker.listeners)
        device, nobody = broker.tls_context(broker.authority.issue("device-9")), broker.tls_context()
        for version in (V311, V5):
            refused = raw_mqtt.REFUSED[version]
            self.assertEqual(raw_mqtt.connack(by_certificate, version, tls=device, client_id="c-9"), 0, broker.log()[-1500:])
            self.assertEqual(raw_mqtt.connack(by_token, version, tls=nobody, client_id="c-1", username="x", password=tokens.good()), 0)
            # Neither opens the other's door.
            self.assertEqual(raw_mqtt.connack(by_token, version, tls=nobody, client_id="c-1", username="x", password=tokens.expired()), refused)
            self.assertEqual(raw_mqtt.connack(by_token, version, tls=device, client_id="c-9"), refused)
            self.assertEqual(self.without_certificate(by_certificate, version, nobody), CLOSED)


@unittest.skipUnless(machine.IS_ROOT, "only root can make files that the broker's user cannot read")
class FilesOfAnotherOwner(BrokerCase):
    def refused_start(self, gate, file):
        file.chmod(0o600)
        shutil.chown(file, "root", "root")
        broker = Broker(gate)
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        said = broker.log()
        self.assertIn(str(file), said)
        self.assertRegex(said, f"not allowed to read {file}; hint: give the user")
        machine.give_to_broker(file, 0o600)
        self.assertGetsIn(self.broker(gate), username="x", password=tokens.good())

    def test_a_secret_that_only_root_can_read_stops_the_start_and_says_why(self):
        gate = self.gate("")
        file = gate.folder / "secret"
        file.write_text(tokens.KEY)
        gate.write(f'[jwt]\nsecret_file = "{file}"\n')
        self.refused_start(gate, file)

    def test_settings_that_only_root_can_read_stop_the_start_and_say_why(self):
        gate = self.gate(TOKENS)
        self.refused_start(gate, pathlib.Path(gate.file))

    def test_a_key_file_that_becomes_unreadable_takes_no_keys_away(self):
        gate = self.gate("")
        first, second = Pair("a"), Pair("b")
        file = gate.folder / "key.pem"
        file.write_text(first.pem())
        machine.give_to_broker(file, 0o600)
        gate.write(f'[jwt]\npublic_key_file = "{file}"\n')
        broker = self.broker(gate)
        new = gate.folder / "new.pem"
        new.write_text(second.pem())
        new.chmod(0o600)
        new.rename(file)
        broker.wait_for_log("a key file changed and cannot be used")
        self.assertGetsIn(broker, username="x", password=first.token())
        machine.give_to_broker(file, 0o600)
        self.eventually(lambda: self.code(broker, username="x", password=second.token()) == 0, "readable again, it is read")
        self.assertStaysOut(broker, username="x", password=first.token(), reason="bad_signature")


class HashesOfOthers(BrokerCase):
    def test_a_weak_imported_hash_lets_in_and_is_replaced_behind_the_first_success(self):
        gate = self.gate(TOKENS)
        table = gate.folder / "emqx.csv"
        table.write_text(f"user_id,password_hash,salt\nanna,{hashlib.sha256(b'pws4lt').hexdigest()},s4lt\n")
        gate.cli("user", "import", table, "--format", "emqx", "--hash", "sha256", "--salt-position", "suffix")
        broker = self.broker(gate)
        self.assertIn("1 of 1 users have a weak imported password hash", gate.cli("config", "check"))
        self.assertStaysOut(broker, username="anna", password="pW", reason="wrong_password")
        self.assertIn("1 of 1 users have a weak", gate.cli("config", "check"), "a wrong password replaces nothing")
        self.assertGetsIn(broker, username="anna", password="pw")
        self.eventually(lambda: "weak imported" not in gate.cli("config", "check"), "the hash was never replaced")
        self.assertIn("argon2", gate.cli("user", "show", "anna"))
        self.assertGetsIn(broker, username="anna", password="pw")
        self.assertStaysOut(broker, username="anna", password="pW", reason="wrong_password")

    def test_users_of_five_systems_come_into_one_broker_untouched(self):
        gate = self.gate("")
        passwords = gate.folder / "mosquitto.passwords"
        subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "of-mosquitto", "pw"], check=True, capture_output=True)
        derived = hashlib.pbkdf2_hmac("sha512", b"pw", b"0123456789abcdef", 100_000)
        b64 = lambda data: base64.b64encode(data).decode()
        (gate.folder / "go-auth.csv").write_text(f"username,password_hash\nof-go-auth,PBKDF2$sha512$100000${b64(b'0123456789abcdef')}${b64(derived)}\n")
        (gate.folder / "emqx.csv").write_text(f"user_id,password_hash,salt,is_superuser\nof-emqx,{hashlib.sha256(b'pws4lt').hexdigest()},s4lt,false\n")
        (gate.folder / "phc.csv").write_text(
            "username,password_hash\nof-phc,$pbkdf2-sha256$i=60000$MDEyMzQ1Njc4OWFiY2RlZg$"
            + b64(hashlib.pbkdf2_hmac("sha256", b"pw", b"0123456789abcdef", 60_000)).rstrip("=")
            + "\n"
        )
        (gate.folder / "plain.csv").write_text("username,password\nof-a-table,pw\n")
        gate.cli("user", "import", passwords)
        gate.cli("user", "import", gate.folder / "go-auth.csv")
        gate.cli("user", "import", gate.folder / "emqx.csv", "--format", "emqx", "--hash", "sha256", "--salt-position", "suffix")
        gate.cli("user", "import", gate.folder / "phc.csv")
        gate.cli("user", "import", gate.folder / "plain.csv")
        broker = self.broker(gate)
        for name in ("of-mosquitto", "of-go-auth", "of-emqx", "of-phc", "of-a-table"):
            with self.subTest(name):
                self.assertGetsIn(broker, username=name, password="pw")
                self.assertStaysOut(broker, username=name, password="pW", reason="wrong_password")


class Absence(BrokerCase):
    def test_a_session_that_went_offline_is_resumed_and_judged_as_the_one_it_is(self):
        """CLIENT_OFFLINE and DISCONNECT, and the second DISCONNECT at the resume, take no rights from who comes back."""
        gate, broker = self.start(TOKENS)
        sender = self.client(broker, client_id="sender", username="x", password=tokens.good("sender"))
        with raw_mqtt.Client(broker.port) as away:
            self.assertEqual(away.connect(client_id="away", clean=False, username="x", password=tokens.good("away")), 0)
            away.subscribe("for/away", 1)
        self.eventually(lambda: gate.status()["host"]["admitted"] == "1", "the one who left is not counted as here")
        self.assertEqual(sender.publish("for/away", "kept", 1), 0)
        # A stranger under his id is refused and takes neither the session nor its rights.
        self.assertStaysOut(broker, client_id="away", username="x", password=tokens.expired("away"), reason="expired")
        back = raw_mqtt.Client(broker.port)
        self.addCleanup(back.close)
        self.assertEqual(back.connect(client_id="away", clean=False, username="x", password=tokens.good("away")), 0)
        self.assertEqual(back.message(), ("for/away", b"kept"))
        self.assertEqual(sender.publish("for/away", "after", 1), 0)
        self.assertEqual(back.message(), ("for/away", b"after"))
        self.assertEqual(back.publish("from/away", "x", 1), 0)
