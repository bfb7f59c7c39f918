"""The rules that keep strangers out of a Mosquitto: each comes from what the broker does with a plugin's answer."""

import os
import pathlib
import signal
import subprocess
import time

from harness import machine, tokens
from harness.case import CLOSED, VERSIONS, V5, V31, V311, Broker, BrokerCase, Listener, current_version, raw_mqtt
from harness.gate import SECRET

TOKENS = f"[jwt]\n{SECRET}\n"


class TheTenRules(BrokerCase):
    def watcher(self, broker, topic="will/#"):
        client = self.client(broker, client_id="watcher", username="w", password=tokens.good())
        client.subscribe(topic)
        return client

    def assertNothingCame(self, watcher, broker):
        """A message of our own comes through; nothing came before it."""
        sender = self.client(broker, client_id="sender", username="w", password=tokens.good())
        sender.publish("will/end", "end")
        self.assertEqual(watcher.message(), ("will/end", b"end"))

    def leave_in_the_middle(self, broker, version, client_id, **fields):
        """CONNECT with a will, then gone without waiting for the answer."""
        client = raw_mqtt.Client(broker.port, version)
        will = raw_mqtt.Will(f"will/{client_id}")
        client.send(raw_mqtt.connect_packet(version=version, client_id=client_id, will=will, **fields))
        client.close()
        again = raw_mqtt.Client(broker.port, version)
        code = again.connect(client_id=client_id + "-2", will=raw_mqtt.Will(f"will/{client_id}-2"), **fields)
        again.close()
        return code

    def test_rule_1_the_will_of_a_client_that_was_never_admitted_is_not_published(self):
        gate, broker = self.start(TOKENS)
        watcher = self.watcher(broker)
        bad = tokens.changed(tokens.good())
        for version in VERSIONS:
            self.assertNotEqual(self.leave_in_the_middle(broker, version, f"bad-{version}", username="x", password=bad), 0)
        for data in (None, bad, tokens.expired()):
            self.assertNotEqual(self.leave_in_the_middle(broker, V5, "bad-ext", auth_method="JWT", auth_data=data), 0)
            self.assertNotEqual(self.leave_in_the_middle(broker, V5, "bad-method", auth_method="SCRAM-SHA-1", auth_data=data), 0)
        self.assertNothingCame(watcher, broker)

    def test_rule_1_twin_the_will_of_an_admitted_client_is_published(self):
        gate, broker = self.start(TOKENS)
        watcher = self.watcher(broker)
        for version in VERSIONS:
            client = self.client(
                broker, version, client_id=f"good-{version}", username="x", password=tokens.good(),
                will=raw_mqtt.Will(f"will/good-{version}"),
            )  # fmt: skip
            client.close()
            self.assertEqual(watcher.message(), (f"will/good-{version}", b"will"))

    def test_rule_2_and_3_no_answer_is_ever_late(self):
        gate, broker = self.start(TOKENS)
        for n in range(50):
            with raw_mqtt.Client(broker.port) as one, raw_mqtt.Client(broker.port) as two:
                one.send(raw_mqtt.connect_packet(client_id="same", username="x", password=tokens.good()))
                two.send(raw_mqtt.connect_packet(client_id="same", username="x", password=tokens.expired()))
                self.assertEqual(one.answer(), 0)
                self.assertEqual(two.answer(), 5)

    def test_rule_4_a_refused_stranger_with_an_id_takes_nothing_from_its_owner(self):
        gate, broker = self.start(TOKENS)
        owner = self.client(broker, client_id="mine", username="x", password=tokens.good())
        owner.subscribe("a")
        for version in VERSIONS:
            self.assertStaysOut(broker, version, client_id="mine", username="x", password=tokens.expired())
        self.assertEqual(owner.publish("a", "still here", 1), 0)
        self.assertEqual(owner.message(), ("a", b"still here"))

    def test_rule_5_the_next_client_at_the_same_place_in_memory_inherits_nothing(self):
        gate, broker = self.start(TOKENS)
        for n in range(200):
            with raw_mqtt.Client(broker.port) as good:
                self.assertEqual(good.connect(client_id="c", username="x", password=tokens.good()), 0)
            with raw_mqtt.Client(broker.port) as bad:
                self.assertEqual(bad.connect(client_id="c", username="x", password=tokens.expired()), 5)

    def test_rule_6_the_http_api_admits_nobody_who_would_be_refused_otherwise(self):
        if current_version() < (2, 1):
            self.skipTest("Mosquitto before 2.1 has no http_api")
        import urllib.error
        import urllib.request

        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        http = Listener("tcp", ("protocol http_api",))
        broker = self.broker(gate, listeners=[Listener(), http])
        self.eventually(lambda: self.code(broker, username="alice", password="wonderland-7") == 0)

        def ask(username=None, password=None):
            import base64

            request = urllib.request.Request(f"http://127.0.0.1:{http.port}/api/v1/version")
            if username is not None:
                request.add_header("Authorization", "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode())
            try:
                return urllib.request.urlopen(request, timeout=10).status
            except urllib.error.HTTPError as error:
                return error.code

        clients = [self.client(broker, client_id=f"c-{n}", username="x", password=tokens.good()) for n in range(5)]
        for n in range(20):
            self.assertIn(ask("x", tokens.changed(tokens.good())), (401, 403))
            self.assertIn(ask("alice", "wrong"), (401, 403, 429))
            self.assertIn(ask(), (401, 403))
            ask("x", tokens.good())
        self.assertEqual([one.ping() for one in clients], [True] * 5)
        self.assertTrue(broker.alive())

    def test_rule_7_a_user_name_beside_an_authentication_method_is_not_taken_unchecked(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate)
        for method in ("JWT", "x", "PLAIN"):
            for data in (None, "nonsense", tokens.expired()):
                code = self.code(broker, V5, username="alice", auth_method=method, auth_data=data)
                self.assertIn(code, (CLOSED, 0x87, 0x8C), broker.log()[-1500:])

    def test_rule_8_an_unknown_user_does_not_get_in_where_anonymous_clients_may(self):
        for no_match in ("deny", "allow", "defer"):
            with self.subTest(no_match):
                gate, broker = self.start(f'[chain]\nno_match = "{no_match}"\n{TOKENS}not_a_token = "ignore"\n', allow_anonymous=True)
                for version in VERSIONS:
                    self.assertNotEqual(self.code(broker, version, username="nobody", password="guess"), 0)
                    self.assertNotEqual(self.code(broker, version, username="nobody"), 0)

    def test_rule_8_a_client_that_was_handed_on_has_what_the_brokers_own_file_gives(self):
        gate = self.gate(f'[chain]\nno_match = "defer"\n{TOKENS}not_a_token = "ignore"\n')
        passwords, rights = gate.folder / "passwords", gate.folder / "rights"
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "legacy", "old-password"], check=True, capture_output=True)
        rights.write_text("user legacy\ntopic readwrite allowed/#\n")
        for file in (passwords, rights):
            machine.give_to_broker(file, 0o600)
        broker = self.broker(gate, options=[f"password_file {passwords}", f"acl_file {rights}"])
        legacy = self.client(broker, V5, client_id="l", username="legacy", password="old-password")
        self.assertEqual(legacy.subscribe("allowed/a"), 0)
        self.assertEqual(legacy.publish("allowed/a", "x", 1), 0)
        # (An acl_file lets everybody subscribe, and withholds what comes.)
        self.assertEqual(legacy.publish("other", "x", 1), 0x87)

    def test_rule_9_the_broker_lives_through_three_reloads_with_good_and_bad_settings(self):
        gate, broker = self.start(TOKENS)
        for text in (TOKENS, "[jwt", TOKENS, ""):
            gate.write(text)
            for _ in range(3):
                mark = broker.mark()
                broker.sighup()
                broker.wait_for_log(r"(?i)reload", mark)
                self.assertNotEqual(self.code(broker, username="x", password=tokens.expired()), 0)
                self.assertTrue(broker.alive())

    def test_rule_10_sighup_asks_about_everybody_again_and_nobody_is_dropped(self):
        gate, broker = self.start(TOKENS)
        clients = [
            self.client(broker, V311, client_id="a", username="x", password=tokens.good()),
            self.client(broker, V5, client_id="b", password=tokens.good()),
            self.client(broker, V5, client_id="c", password=tokens.hs({"sub": "d"})),
            self.client(broker, V31, client_id="d", username="x", password=tokens.good()),
        ]
        for _ in range(2):
            mark = broker.mark()
            broker.sighup()
            broker.wait_for_log(r"(?i)reload", mark)
            self.assertEqual([one.ping() for one in clients], [True] * 4, broker.log()[-2000:])


class Answers(BrokerCase):
    def test_cannot_decide_is_told_apart_from_refused(self):
        gate = self.gate("")
        gate.store_file.mkdir()  # no store can be opened there
        machine.give_to_broker(gate.store_file, 0o750)
        gate.write(TOKENS)
        broker = self.broker(gate)
        wanted = {V31: CLOSED, V311: CLOSED, V5: CLOSED}
        if current_version() >= (2, 1):
            wanted = {V31: CLOSED, V311: CLOSED, V5: 0x88}
        for version in VERSIONS:
            self.assertEqual(self.code(broker, version, username="alice", password="wonderland-7"), wanted[version], version)
        # Who is no user of the store cannot be told either; but nobody gets in.
        self.assertNotEqual(self.code(broker, username="alice", password=tokens.expired()), 0)
        self.assertNotRegex(gate.cli("status"), r"(?i)health:? *ok")

    def test_mqtt_3_1_1_with_a_password_and_no_user_name_never_reaches_a_decision(self):
        gate, broker = self.start(TOKENS)
        self.assertEqual(self.code(broker, V311, password=tokens.good()), CLOSED)

    def test_an_embedded_nul_does_not_end_a_token_early(self):
        gate, broker = self.start(TOKENS)
        token = tokens.good().encode()
        code = self.code(broker, V311, username="x", password=token[:-1] + b"\0" + token[-1:])
        self.assertNotEqual(code, 0)

    def test_admitted_clients_publish_and_subscribe(self):
        gate, broker = self.start(TOKENS)
        for version in VERSIONS:
            client = self.client(broker, version, client_id=f"p-{version}", username="x", password=tokens.good())
            self.assertIn(client.subscribe(f"t/{version}", 1), (0, 1))
            client.publish(f"t/{version}", "hello")
            self.assertEqual(client.message(), (f"t/{version}", b"hello"))


class Process(BrokerCase):
    def test_the_daemons_fork_leaves_the_watcher_alive(self):
        gate = self.gate(TOKENS)
        broker = Broker(gate, options=[f"pid_file {gate.folder}/broker.pid", f"log_dest file {gate.folder}/daemon.log"])
        broker.listeners[0].port = machine.free_port()
        settings = gate.folder / "mosquitto.conf"
        settings.write_text(broker._settings().replace("log_dest stderr\n", ""))
        settings.chmod(0o644)
        subprocess.run([*broker.kind.command, "-d", "-c", settings], check=True, timeout=20, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid_file = gate.folder / "broker.pid"
        pid = int(self.eventually(lambda: pid_file.exists() and pid_file.read_text().strip()))
        try:
            self.eventually(lambda: gate.run("status", "--config", gate.file).returncode == 0)
            gate.add_user("alice", "wonderland-7")
            self.eventually(lambda: self.code(broker, username="alice", password="wonderland-7") == 0, seconds=2)
        finally:
            os.kill(pid, signal.SIGTERM)
        self.eventually(lambda: not pathlib.Path(f"/proc/{pid}").exists())

    def test_the_broker_stops_at_once_with_clients_connected(self):
        gate, broker = self.start(TOKENS)
        for n in range(20):
            self.client(broker, client_id=f"c-{n}", username="x", password=tokens.good())
        started = time.monotonic()
        self.assertEqual(broker.stop(), 0)
        self.assertLess(time.monotonic() - started, 2.0)

    def test_an_idle_broker_costs_next_to_nothing(self):
        gate, broker = self.start(TOKENS)

        def ticks():
            fields = pathlib.Path(f"/proc/{broker.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])

        before = ticks()
        time.sleep(2)  # the measure is time itself
        used = (ticks() - before) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used, 0.1)

    def test_memory_does_not_grow_with_refused_strangers(self):
        gate, broker = self.start(TOKENS)

        def strangers(n, start):
            for i in range(start, start + n):
                self.code(broker, client_id=f"s-{i}", username=f"u-{i}", password=tokens.hs({"sub": f"{i}"}, key="wrong" * 8))

        strangers(1000, 0)
        before = broker.memory_kib()
        strangers(3000, 1000)
        self.assertLess(broker.memory_kib() - before, 4096)

    def test_the_plugin_brings_no_symbol_of_its_own_or_of_a_library(self):
        lines = subprocess.run(["nm", "-D", "--defined-only", machine.PLUGIN], capture_output=True, text=True, check=True).stdout
        names = sorted(line.split()[-1] for line in lines.splitlines())
        self.assertEqual(names, ["mosquitto_plugin_cleanup", "mosquitto_plugin_init", "mosquitto_plugin_version"])

    def test_the_plugin_finds_its_libraries_in_this_suite_and_needs_none_whose_name_moves(self):
        lines = subprocess.run(["readelf", "-d", machine.PLUGIN], capture_output=True, text=True, check=True).stdout
        needed = {line.split("[")[1].rstrip("]") for line in lines.splitlines() if "NEEDED" in line}
        allowed = {
            "libc.so.6", "libm.so.6", "libcrypto.so.3", "libcurl.so.4", "libsqlite3.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
        }  # fmt: skip
        self.assertLessEqual(needed, allowed)
        libraries = pathlib.Path(os.environ.get("SALLYPORT_TEST_BROKER", "")).parent / "libraries"
        if libraries.exists():
            done = subprocess.run([libraries, machine.plugin_copy()], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
