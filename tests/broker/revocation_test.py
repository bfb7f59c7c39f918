"""Revoked and blocked clients, and those whom an operator sends away, in a real broker."""

import threading
import time

from harness import raw_mqtt, tokens
from harness.case import V5, V311, VERSIONS, BrokerCase, Listener, current_version
from harness.gate import SECRET

SETTINGS = f"[jwt]\n{SECRET}\n"


class Leaving(BrokerCase):
    def gone_after(self, client, begun, seconds=8.0):
        """Seconds from `begun` to the moment at which the broker closes the connection."""
        client.socket.settimeout(seconds)
        try:
            while client.receive() is not None:
                pass
        except TimeoutError:
            self.fail("the client is still here")
        except OSError:
            pass
        return time.monotonic() - begun

    def command(self, gate, *words):
        """The moment at which a command had been done."""
        out = gate.cli_json(*words)
        return time.monotonic(), out


class Revocation(Leaving):
    def test_what_is_revoked_is_out_within_a_second_and_its_twin_is_not(self):
        gate, broker = self.start(SETTINGS)
        now = int(time.time())

        cases = (
            ("jti", {"jti": "j-1"}, {"jti": "j-2"}, ["--jti", "j-1"]),
            ("principal", {"sub": "p-1"}, {"sub": "p-2"}, ["--principal", "p-1"]),
            ("issued before", {"sub": "q", "iat": now - 50}, {"sub": "q", "iat": now - 40}, ["--principal", "q", "--issued-before", str(now - 40)]),
            ("no iat", {"sub": "r", "iat": None}, {"sub": "r", "iat": now}, ["--principal", "r", "--issued-before", str(now)]),
            ("kid", {"header": {"kid": "k-1"}}, {"header": {"kid": "k-2"}}, ["--kid", "k-1"]),
        )  # fmt: skip
        for number, (name, hit, twin, words) in enumerate(cases):
            with self.subTest(name):
                version = VERSIONS[number % 3]
                shown = []
                for claims in (hit, twin):
                    claims = {k: v for k, v in {"sub": f"d-{number}", "exp": now + 600, "iat": now - 100, **claims}.items() if v is not None}
                    header = {"alg": "HS256", **claims.pop("header", {})}
                    shown.append(tokens.hs(claims, header=header))
                out = self.client(broker, version, client_id=f"hit-{number}", username="x", password=shown[0])
                stays = self.client(broker, version, client_id=f"twin-{number}", username="x", password=shown[1])
                # Remembered from here on: the revocation must hold on what is answered from memory.
                begun, made = self.command(gate, "revoke", "add", *words, "--why", "by the test")
                self.assertLess(self.gone_after(out, begun), 1.0)
                self.assertTrue(stays.ping())
                self.assertStaysOut(broker, version, "revoked", client_id=f"hit-{number}", username="x", password=shown[0])
                self.assertGetsIn(broker, version, client_id=f"new-{number}", username="x", password=shown[1])
                why = gate.cli_json("why", "--client-id", f"hit-{number}", "--last", "2")["decisions"]
                self.assertEqual([d["reason"] for d in why], ["revoked", "revoked"])
                self.assertIn(f'revocation {made["id"]} hits: "by the test"', "\n".join(why[-1]["explanation"]))
                gate.cli("revoke", "remove", made["id"])
                self.eventually(lambda: self.code(broker, version, client_id=f"hit-{number}", username="x", password=shown[0]) == 0)

    def test_a_revoked_client_on_mqtt_5_hears_disconnect_and_its_will_is_judged(self):
        gate, broker = self.start(SETTINGS)
        watcher = self.client(broker, client_id="watcher", username="w", password=tokens.good())
        watcher.subscribe("will/#")
        token = tokens.good(jti="j", acl={"pub": ["will/yes"]})
        for number, topic in enumerate(("will/no", "will/yes")):
            self.client(broker, V5, client_id=f"c-{number}", username="x", password=token, will=raw_mqtt.Will(topic))
        gate.cli("revoke", "add", "--jti", "j")
        self.assertEqual(watcher.message()[0], "will/yes")

    def test_a_hundred_thousand_revocations_go_in_while_clients_connect(self):
        gate, broker = self.start(SETTINGS)
        hit = self.client(broker, client_id="hit", username="x", password=tokens.good(jti="r-00099999"))
        stays = self.client(broker, client_id="stays", username="x", password=tokens.good(jti="s-1"))
        path = gate.folder / "revoked.csv"
        path.write_text("jti,why\n" + "".join(f"r-{i:08d},imported\n" for i in range(100_000)))
        codes, longest, stop = [], [0.0], threading.Event()

        def connect():
            number = 0
            while not stop.is_set():
                begun = time.monotonic()
                codes.append(raw_mqtt.connack(broker.port, V311, client_id=f"n-{number}", username="x", password=tokens.good(jti=f"n-{number}")))
                longest[0] = max(longest[0], time.monotonic() - begun)
                number += 1

        thread = threading.Thread(target=connect)
        thread.start()
        try:
            begun, made = self.command(gate, "revoke", "import", path)
            self.assertEqual(made["imported"], 100_000)
            self.assertLess(self.gone_after(hit, begun), 3.0)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(set(codes), {0})
        self.assertGreater(len(codes), 10)
        self.assertLess(longest[0], 2.0)
        self.assertTrue(stays.ping())
        self.assertStaysOut(broker, V311, "revoked", client_id="a", username="x", password=tokens.good(jti="r-00000000"))
        self.assertEqual(gate.status()["revocations"], 100_000)


class Blocks(Leaving):
    def test_a_blocked_client_is_out_within_a_second_whatever_it_shows(self):
        gate = self.gate(SETTINGS)
        gate.add_user("ann", "wonderland-7")
        broker = self.broker(gate)
        good = {"username": "x", "password": tokens.good()}
        cases = (
            (["--client-id", "c-1"], {**good, "client_id": "c-1"}, {**good, "client_id": "c-2"}),
            (["--client-id", "mad-*", "--pattern"], {**good, "client_id": "mad-1"}, {**good, "client_id": "md-1"}),
            (["--username", "ann"], {"client_id": "u", "username": "ann", "password": "wonderland-7"}, {**good, "client_id": "v"}),
            (["--username", "device-9"], {"client_id": "w", "username": "x", "password": tokens.good("device-9")}, {**good, "client_id": "y"}),
        )  # fmt: skip
        for number, (words, hit, twin) in enumerate(cases):
            with self.subTest(words):
                version = VERSIONS[number % 3]
                out, stays = self.client(broker, version, **hit), self.client(broker, version, **twin)
                begun, made = self.command(gate, "block", "add", *words)
                self.assertLess(self.gone_after(out, begun), 1.0)
                self.assertTrue(stays.ping())
                self.assertStaysOut(broker, version, "blocked", **hit)
                gate.cli("block", "remove", made["id"])
                self.eventually(lambda: self.code(broker, version, **hit) == 0)
        everybody = self.client(broker, client_id="z", **good)
        begun, made = self.command(gate, "block", "add", "--address", "127.0.0.0/8")
        self.assertLess(self.gone_after(everybody, begun), 1.0)
        self.assertStaysOut(broker, V311, "blocked", client_id="z", **good)

    def test_a_block_runs_out_by_itself(self):
        gate, broker = self.start(SETTINGS)
        end = int(time.time()) + 2
        gate.cli("block", "add", "--client-id", "c-1", "--until", str(end))
        good = {"client_id": "c-1", "username": "x", "password": tokens.good()}
        self.eventually(lambda: self.code(broker, **good) != 0)
        self.eventually(lambda: self.code(broker, **good) == 0)
        self.assertGreaterEqual(time.time(), end)

    def test_a_name_slowed_by_guessing_is_listed_and_let_go(self):
        gate = self.gate(SETTINGS)
        gate.add_user("ann", "wonderland-7")
        broker = self.broker(gate)
        for _ in range(40):  # one a second is given back meanwhile
            self.code(broker, client_id="g", username="ann", password="wrong")
        self.assertEqual(gate.last_reason(), "too_many_attempts")
        slowed = gate.cli_json("block", "list")["slowed"]
        self.assertEqual([(s["kind"], s["value"]) for s in slowed], [("username", "ann")])
        self.assertIn("ann", gate.cli("block", "list"))
        self.assertTrue(gate.cli_json("block", "remove", "--username", "ann")["let_go"])
        self.assertGetsIn(broker, V311, client_id="a", username="ann", password="wonderland-7")
        self.assertEqual(gate.cli_json("block", "list")["slowed"], [])
        self.assertIn("there is no such block", gate.cli("block", "remove", "--username", "nobody", code=1))


class WithPerListenerSettings(Leaving):
    """2.0.11 gives plugins no tick then: deaf from the first moment, and out with the next publish."""

    def is_out(self, client, speaker, ticks):
        if ticks:
            self.assertLess(self.gone_after(client, time.monotonic()), 1.5)
            return
        speaker.publish("news", "2")
        self.assertTrue(speaker.ping())
        self.assertTrue(client.ping(), "nothing ends it by itself")
        self.assertEqual(client._kept, [], "a message was delivered")
        client.publish("out", "x")
        self.gone_after(client, 0)

    def test_who_is_revoked_blocked_disabled_or_over_is_out(self):
        gate = self.gate('[session]\nnotice = "0s"\n' + SETTINGS)
        gate.add_user("ann", "wonderland-7")
        broker = self.broker(gate, listeners=[Listener(plugin=True)], per_listener=True)
        ticks = current_version() > (2, 0, 11)
        time.sleep(0 if ticks else 2.1)  # a broker that ticks had done so
        speaker = self.client(broker, client_id="speaker", username="s", password=tokens.good("speaker"))
        speaker.subscribe("out")
        if not ticks:
            broker.wait_for_log("this broker does not tick")
        now = int(time.time())
        cases = (
            (tokens.good(jti="j"), ["revoke", "add", "--jti", "j"]),
            (tokens.good(), ["block", "add", "--client-id", "c-1*", "--pattern"]),
            ("wonderland-7", ["user", "disable", "ann"]),
            (tokens.hs({"sub": "d", "exp": now + 4}), None),
        )  # fmt: skip
        for number, (word, command) in enumerate(cases):
            with self.subTest(command):
                shown = {"username": "ann" if word == "wonderland-7" else "x", "password": word}
                client = self.client(broker, VERSIONS[number % 3], client_id=f"c-{number}", **shown)
                client.subscribe("news")
                speaker.publish("news", "1")
                self.assertEqual(client.message(), ("news", b"1"))
                if command:
                    gate.cli(*command)
                self.eventually(lambda: self.code(broker, client_id=f"c-{number}-probe", **shown) != 0)
                self.is_out(client, speaker, ticks)
        self.assertTrue(speaker.ping())
        self.assertEqual(speaker._kept, [], "what somebody published who was out")


class Orders(Leaving):
    def test_an_operator_counts_sessions_and_ends_them_at_a_pace(self):
        gate, broker = self.start(SETTINGS)
        token = tokens.hs({"sub": "m", "exp": int(time.time()) + 600}, header={"alg": "HS256", "kid": "old"})
        clients = [self.client(broker, client_id=f"m-{i}", username="x", password=token) for i in range(6)]
        stays = self.client(broker, client_id="other", username="x", password=tokens.good())
        self.assertEqual(gate.cli("session", "end", "--where", "kid=old", "--dry-run"), "6 sessions\n")
        self.assertIn("nobody said yes", gate.cli("session", "end", "--where", "kid=old", code=2, stdin=""))
        self.assertTrue(all(client.ping() for client in clients))
        begun, out = self.command(gate, "session", "end", "--where", "kid=old", "--where", "client_id=m-*", "--pace", "3", "--yes")
        self.assertEqual(out, {"sessions": 6, "ending": 6, "seconds": 2})
        gone = sorted(self.gone_after(client, begun) for client in clients)
        self.assertLess(gone[-1], 4.0)
        self.assertGreater(gone[-1], 1.0)  # paced: the last was not among the first
        self.assertTrue(stays.ping())
        self.assertEqual(gate.cli_json("why", "--client-id", "m-0", "--last", "1")["decisions"][0]["reason"], "ended_by_operator")
        # Nobody was kept out: a token that is still good comes back.
        self.assertGetsIn(broker, V311, client_id="m-0", username="x", password=token)

    def test_what_cannot_be_meant_is_a_fault_of_usage(self):
        gate, broker = self.start(SETTINGS)
        for words in (["--where", "everybody"], ["--where", "name=x"], ["--where", "address=x"], []):
            gate.cli("session", "end", *words, "--yes", code=2)


class Theft(Leaving):
    def test_one_token_used_twice_at_once_is_told_of(self):
        gate, broker = self.start(SETTINGS)
        token = tokens.good(jti="j")
        first = self.client(broker, client_id="a", username="x", password=token)
        self.client(broker, client_id="b", username="x", password=token)
        broker.wait_for_log('one token is used twice at once, by client "b" from 127.0.0.1 and client "a" from 127.0.0.1')
        status = gate.status()
        self.assertEqual(status["suspected_thefts"], 1)
        self.assertEqual((status["thefts"][0]["client_id"], status["thefts"][0]["other_client_id"]), ("b", "a"))
        self.assertIn("sallyport_suspected_thefts_total 1", gate.cli("metrics"))
        self.assertTrue(first.ping())
        self.assertNotIn('"j"', broker.log())
