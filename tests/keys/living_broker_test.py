"""Key sets and a broker at work: rotation under load, outages, restarts, made-up kids, reloads, a fetch that hangs."""

import time

from harness import key_server as ks
from harness import machine
from harness.case import V5, BrokerCase, raw_mqtt
from harness.keys import Pair, key_set
from harness.connect_storm import Storm, p99


# What a device sees of "cannot decide": brokers that can say so say it, the others close unanswered.
UNAVAILABLE = (0x88, "closed")


class KeysCase(BrokerCase):
    def way(self, gate, **named):
        self.certificates = getattr(self, "certificates", None) or ks.Certificates(gate.folder)
        way = ks.Way(self.certificates, **named)
        self.addCleanup(way.stop)
        return way

    def settings(self, way, more=""):
        return (
            f'[jwt]\njwks_url = "{way.url}"\njwks_ca_file = "{self.certificates.file}"\njwks_cooldown = "1s"\njwks_timeout = "2s"\n'
            f'audience = "mqtt"\n{more}'
        )

    def start_with_keys(self, *pairs, more="", **named):
        gate = self.gate("")
        way = self.way(gate, **named)
        way.document = key_set(*pairs)
        gate.write(self.settings(way, more))
        broker = self.broker(gate)
        self.await_state(gate, "ready")
        return gate, way, broker

    def await_state(self, gate, state, seconds=10):
        return self.eventually(lambda: (s := self.source(gate))["state"] == state and s, f"the source never was {state}", seconds)

    def source(self, gate):
        return gate.cli_json("keys", "list")["sources"][0]

    def connect(self, broker, token, client_id="c-1"):
        return raw_mqtt.connack(broker.port, V5, client_id=client_id, username="x", password=token)


def token(pair, **claims):
    return pair.token(aud="mqtt", **claims)


class Rotation(KeysCase):
    RATE = 500  # connects a second

    def test_a_rotation_under_load_refuses_no_good_token_and_disconnects_nobody(self):
        old, new = Pair("2025"), Pair("2026", "EdDSA")
        gate, way, broker = self.start_with_keys(old)
        old_token, new_token = token(old), token(new)
        sessions = [self.client(broker, client_id=f"s-{n}", username="x", password=old_token, keepalive=0) for n in range(50)]
        kinds = {"old": old_token}
        turn = iter(range(10**9))

        def choose():
            kind = list(kinds)[next(turn) % len(kinds)]
            return kind, broker.port, kinds[kind]

        with Storm(choose, rate=self.RATE) as load:
            time.sleep(1.5)
            way.document = key_set(old, new)  # side by side
            time.sleep(1.2)  # longer than the cool-down
            kinds["new"] = new_token
            first = self.eventually(lambda: 0 in load.codes("new"), "the new key came")
            self.assertTrue(first)
            settled = time.monotonic()
            time.sleep(1.5)
            way.document = key_set(new)  # alone
            del kinds["old"]
            time.sleep(0.3)
            gate.cli("keys", "refresh")
            time.sleep(1.0)
        self.assertEqual(set(load.codes("old")), {0}, "tokens of the old key while it was published")
        self.assertLessEqual(set(load.codes("new")), {0, *UNAVAILABLE}, "the new key: here, or on its way")
        self.assertEqual(set(load.codes("new", settled)), {0})
        # An open loop: what is offered does not wait for answers, and each has one.
        self.assertGreater(load.offered_rate(), 0.98 * self.RATE)
        self.assertGreater(load.took, 5)
        self.assertEqual(len(load.answers), load.offered)
        self.assertNotEqual(self.connect(broker, old_token), 0, "a key that left the set verifies nothing, remembered or not")
        self.assertEqual([n for n, one in enumerate(sessions) if not one.ping()], [])
        self.assertIn("1 added, 0 removed", broker.log())
        self.assertIn("0 added, 1 removed", broker.log())

    def test_max_age_makes_a_rotation_come_by_itself(self):
        old, new = Pair("1"), Pair("2")
        gate, way, broker = self.start_with_keys(old)
        way.headers = ("Cache-Control: public, max-age=1",)
        gate.cli("keys", "refresh")
        way.document = key_set(new)
        self.eventually(lambda: self.connect(broker, token(new)) == 0, "the timer brought it", 15)


class Outage(KeysCase):
    # Five minutes of test time at a tenth of it: a cool-down of 1 s stands for the default's 10 s, jwks_refresh of 30 s
    # for 300 s, and the outage of 30 s for 300 s. Connect times are real ones.
    TENTH = 'jwks_refresh = "30s"\n'
    OUTAGE = 30.0
    RATE = 100  # connects a second, to each broker

    def test_five_minutes_without_the_key_server_are_not_seen_in_connect_times(self):
        """Two brokers under the same clients at the same time; the key server of one of them is gone."""
        pair, stranger = Pair("a"), Pair("made-up")
        gates, ways, brokers = zip(*(self.start_with_keys(pair, more=self.TENTH, raw=ks.silent) for _ in range(2)))
        kinds, (good, unknown) = ("quiet", "gone"), (token(pair), token(stranger))
        turn = iter(range(10**9))

        def choose():
            n = next(turn)
            # One of a hundred shows a key that nobody knows, which asks for a refresh wherever one is due.
            which, strange = (n + n // 1000) % 2, n % 200 < 2
            return (f"{kinds[which]} strangers" if strange else kinds[which]), brokers[which].port, unknown if strange else good

        storms = []
        for attempt in range(5):  # other work on this machine is in these numbers too, of this storm and of all so far
            ways[1].bad, asked = True, ways[1].connections
            with Storm(choose, rate=2 * self.RATE) as load:
                time.sleep(self.OUTAGE)
            for kind in kinds:
                self.assertEqual(set(load.codes(kind)), {0}, kind)
                self.assertGreater(len(load.codes(kind)), 0.9 * self.RATE * self.OUTAGE)
                self.assertNotIn(0, load.codes(f"{kind} strangers"))
            # It was asked again and again, and never more than once a cool-down.
            self.assertGreaterEqual(ways[1].connections - asked, 3)
            self.assertLessEqual(ways[1].connections - asked, load.took + 2)
            self.assertEqual((self.source(gates[0])["state"], self.source(gates[1])["state"]), ("ready", "stale"))
            storms.append(load)
            found = [(p99(some, "quiet"), p99(some, "gone")) for some in ([load], storms)]
            if any(gone <= max(quiet * 1.1, 0.002) for quiet, gone in found):
                break
        else:
            self.fail(f"p99 with the key server and without, in seconds: {found}")
        self.assertRegex(gates[1].cli("status"), "degraded")
        self.assertIn("timed_out", gates[1].cli("keys", "list"))

    def test_a_broker_that_restarts_in_the_outage_is_in_service_at_once(self):
        pair = Pair("a")
        gate, way, broker = self.start_with_keys(pair)
        self.eventually(lambda: list((gate.folder / "jwks").glob("*.jwks")), "the document was kept")
        kept = next((gate.folder / "jwks").glob("*.jwks"))
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertEqual((gate.folder / "jwks").stat().st_mode & 0o777, 0o700)
        self.assertEqual(broker.stop(), 0)
        way.close()
        broker.start()
        self.assertEqual(self.connect(broker, token(pair)), 0)
        self.await_state(gate, "stale")
        self.assertIn("connection_refused", gate.cli("keys", "list"))
        self.assertEqual(self.connect(broker, token(pair)), 0)
        # Back again, with another key: served as soon as it is asked for.
        other = Pair("b")
        way.document = key_set(other)
        way.open()
        self.eventually(lambda: self.connect(broker, token(other)) == 0, "the server came back", 20)

    def test_a_first_start_with_nothing_is_unavailable_until_the_keys_come(self):
        pair = Pair("a")
        gate = self.gate("")
        way = self.way(gate)
        way.document = key_set(pair)
        way.close()
        gate.write(self.settings(way))
        broker = self.broker(gate)
        self.assertIn(self.connect(broker, token(pair)), UNAVAILABLE)
        self.assertEqual(gate.last_reason(), "keys_unavailable")
        status = gate.cli_json("status")
        self.assertFalse(status["health"]["ready"])
        self.assertIn("connection_refused", " ".join(status["health"]["not_ready"]))
        way.open()
        self.eventually(lambda: self.connect(broker, token(pair)) == 0, "the keys came and were served", 20)
        self.assertTrue(gate.cli_json("status")["health"]["ready"])

    def test_a_damaged_stored_document_is_not_believed(self):
        pair = Pair("a")
        gate, way, broker = self.start_with_keys(pair)
        kept = self.eventually(lambda: next((gate.folder / "jwks").glob("*.jwks"), None), "the document was kept")
        self.assertEqual(broker.stop(), 0)
        text = kept.read_bytes()
        kept.write_bytes(text.replace(b'"kid": "a"', b'"kid": "z"'))
        way.close()
        broker.start()
        self.assertIn(self.connect(broker, token(pair)), UNAVAILABLE)


class Strangers(KeysCase):
    def test_ten_thousand_made_up_kids_cause_one_fetch_a_cool_down_and_no_growth(self):
        pair = Pair("a")
        gate, way, broker = self.start_with_keys(pair)
        good = token(pair)
        text = token(pair).split(".")
        count = 10_000
        from harness.keys import b64

        def made_up(n):
            head = b64(f'{{"alg":"ES256","kid":"made-up-{n}"}}'.encode())
            return ".".join((head, text[1], text[2]))

        # What is bounded is filled first: the table of remembered tokens with the first good one, and the ring of last
        # decisions (three quarters of its 4,096 slots are for these).
        self.eventually(lambda: self.connect(broker, good) == 0, "the good token never came in")
        for n in range(3100):
            self.connect(broker, made_up(-n - 1))
        memory, requests, started = broker.memory_kib(), way.requests, time.monotonic()
        codes = set()
        for n in range(count):
            codes.add(self.connect(broker, made_up(n)))
            if n % 500 == 0:
                self.assertEqual(self.connect(broker, good), 0)
        took = time.monotonic() - started
        self.assertLessEqual(codes, {0x87, *UNAVAILABLE}, "never in")
        self.assertLessEqual(way.requests - requests, took / 1.0 + 2)
        self.assertGreaterEqual(way.requests - requests, 1)
        self.assertLess(broker.memory_kib() - memory, 1024)

    def test_an_hmac_token_with_a_made_up_kid_asks_nobody(self):
        from harness import tokens

        gate, way, broker = self.start_with_keys(Pair("a"))
        time.sleep(1.1)
        requests = way.requests
        forged = tokens.hs({"sub": "d", "aud": "mqtt"}, header={"alg": "HS256", "kid": "made-up"})
        self.assertEqual(self.connect(broker, forged), 0x87)
        time.sleep(0.3)
        self.assertEqual(way.requests, requests)

    def test_a_damaged_signature_under_a_known_kid_is_out_and_asks_nobody(self):
        from harness import tokens

        pair = Pair("a")
        gate, way, broker = self.start_with_keys(pair)
        time.sleep(1.1)
        requests = way.requests
        self.assertEqual(self.connect(broker, tokens.changed(token(pair))), 0x87)
        self.assertEqual(gate.last_reason(), "bad_signature")
        time.sleep(0.3)
        self.assertEqual(way.requests, requests)


class Reloads(KeysCase):
    def test_sighup_and_refresh_in_the_middle_of_it_all_drop_no_key_and_nobody(self):
        pair = Pair("a")
        gate, way, broker = self.start_with_keys(pair)
        session = self.client(broker, client_id="there", username="x", password=token(pair), keepalive=0)
        text = token(pair)
        with Storm(lambda: ("x", broker.port, text), rate=200) as load:
            for n in range(8):
                way.delay = 0.3 if n % 2 else 0
                broker.sighup()
                self.source(gate)
                if n == 4:
                    gate.cli("keys", "refresh")
                time.sleep(0.2)
        self.assertEqual(set(load.codes("x")), {0})
        self.assertTrue(session.ping())

    def test_another_address_is_another_source(self):
        first, second = Pair("a"), Pair("b")
        gate, way, broker = self.start_with_keys(first)
        other = self.way(gate)
        other.document = key_set(second)
        gate.write(self.settings(other))
        gate.reload()
        self.eventually(lambda: self.connect(broker, token(second)) == 0, "the new source's key")
        self.assertNotEqual(self.connect(broker, token(first)), 0)

    def test_a_wrong_address_explains_itself(self):
        pair = Pair("a")
        gate, way, broker = self.start_with_keys(pair)
        good = gate.settings
        gate.write(good.replace(str(way.port), str(machine.free_port())))
        gate.reload()
        self.await_state(gate, "unavailable")
        self.assertIn("connection_refused", gate.cli("keys", "list"))
        self.assertIn("nothing listens on that port", gate.cli("keys", "doctor", code=3))
        self.eventually(lambda: "nothing listens on that port" in broker.log(), "the log says it too")
        gate.write(good)
        gate.reload()
        self.eventually(lambda: self.connect(broker, token(pair)) == 0, "mended")

    def test_shutting_down_while_a_fetch_hangs_ends_in_under_a_second(self):
        gate, way, broker = self.start_with_keys(Pair("a"), raw=ks.silent, more='jwks_refresh = "10s"\n')
        way.bad = True
        time.sleep(1.1)
        self.connect(broker, token(Pair("unknown")))
        self.eventually(lambda: self.source(gate)["in_flight"], "a fetch hangs")
        started = time.monotonic()
        self.assertEqual(broker.stop(), 0)
        self.assertLess(time.monotonic() - started, 1.0)


class Files(KeysCase):
    def test_a_key_set_file_is_watched_and_a_half_written_one_takes_nothing_away(self):
        gate = self.gate("")
        first, second = Pair("a"), Pair("b", "RS256")
        file = gate.folder / "provider.jwks"
        file.write_bytes(key_set(first, Pair("enc", "RS256").jwk(use="enc", alg="RSA-OAEP")))
        machine.give_to_broker(file, 0o640)
        gate.write('[jwt]\njwks_file = "provider.jwks"\n')
        broker = self.broker(gate)
        self.assertEqual(self.connect(broker, token(first)), 0)
        self.assertIn('kid enc) is skipped', broker.log())
        text = key_set(second)
        file.write_bytes(text[:50])
        broker.wait_for_log("a key file changed and cannot be used")
        self.assertEqual(self.connect(broker, token(first)), 0)
        file.write_bytes(text)
        self.eventually(lambda: self.connect(broker, token(second)) == 0, "the new file")
        self.assertEqual(self.connect(broker, token(first)), 0x87)


class Issuers(KeysCase):
    def test_keys_of_one_issuer_never_verify_a_token_of_another(self):
        gate = self.gate("")
        a, b, plain = Pair("same"), Pair("same"), Pair("same")
        (gate.folder / "plain.pem").write_text(plain.pem())
        machine.give_to_broker(gate.folder / "plain.pem", 0o640)
        one, two = self.way(gate), self.way(gate)
        one.document, two.document = key_set(a), key_set(b)
        text = '[jwt]\npublic_key_file = "plain.pem"\n'
        for name, way in (("a", one), ("b", two)):
            text += (
                f'[[jwt.issuers]]\nname = "{name}"\nissuer = "https://{name}.example"\naudience = "mqtt-{name}"\n'
                f'jwks_url = "{way.url}"\njwks_ca_file = "{self.certificates.file}"\nrequire_exp = true\n'
            )
        gate.write(text)
        broker = self.broker(gate)
        self.eventually(lambda: all(s["state"] == "ready" for s in gate.cli_json("keys", "list")["sources"]))
        iss = {"a": "https://a.example", "b": "https://b.example", "none": "https://c.example"}

        def code(pair, who, **claims):
            return self.connect(broker, pair.token(iss=iss[who], **claims))

        self.assertEqual(code(a, "a", aud="mqtt-a"), 0)
        self.assertEqual(code(b, "b", aud="mqtt-b"), 0)
        self.assertEqual(code(plain, "none"), 0, "without a match the plain keys are asked")
        for pair, who, aud in ((a, "b", "mqtt-b"), (b, "a", "mqtt-a"), (plain, "a", "mqtt-a"), (a, "none", "mqtt-a")):
            self.assertEqual(code(pair, who, aud=aud), 0x87)
            self.assertEqual(gate.last_reason(), "bad_signature")
        self.assertEqual(code(a, "a", aud="mqtt-b"), 0x87)
        self.assertEqual(gate.last_reason(), "audience_mismatch")

    def test_discovery_leads_from_the_issuer_to_its_keys_and_refuses_anothers(self):
        import json

        gate = self.gate("")
        way = self.way(gate)
        pair = Pair("a")
        origin = way.url[: -len("/jwks")]
        issuer = origin + "/realms/plant"
        way.document = key_set(pair)
        way.documents["/realms/plant/.well-known/openid-configuration"] = json.dumps({"issuer": issuer + "/", "jwks_uri": way.url}).encode()
        gate.write(
            f'[jwt]\nissuer = "{issuer}"\nissuer_discovery = true\naudience = "mqtt"\njwks_ca_file = "{self.certificates.file}"\njwks_cooldown = "1s"\n'
        )
        broker = self.broker(gate)
        self.eventually(lambda: "issuer_differs" in gate.cli("keys", "list"), "another issuer's configuration")
        self.assertIn("down to the last slash", gate.cli("keys", "doctor", code=3))
        self.assertIn(self.connect(broker, token(pair, iss=issuer)), UNAVAILABLE)
        way.documents["/realms/plant/.well-known/openid-configuration"] = json.dumps({"issuer": issuer, "jwks_uri": way.url}).encode()
        self.eventually(lambda: self.connect(broker, token(pair, iss=issuer)) == 0, "discovered", 15)
        self.assertEqual(gate.run("keys", "doctor", "--config", gate.file).returncode, 0)


class Secrets(KeysCase):
    def test_a_header_goes_to_the_key_server_and_nowhere_else(self):
        gate = self.gate("")
        way = self.way(gate)
        pair = Pair("a")
        way.document = key_set(pair)
        (gate.folder / "header").write_text("Bearer canary-in-a-header")
        machine.give_to_broker(gate.folder / "header", 0o600)
        query = way.url + "?key=canary-in-a-query"
        gate.write(self.settings(way, 'jwks_headers = { Authorization = { file = "header" } }\n').replace(way.url, query))
        broker = self.broker(gate)
        self.eventually(lambda: self.connect(broker, token(pair)) == 0)
        way.bad, way.respond_badly = True, ks.answer(b"<html>canary-in-a-body</html>", content_type="text/html")
        time.sleep(1.1)
        gate.run("keys", "refresh", "--config", gate.file)
        self.assertIn(b"Authorization: Bearer canary-in-a-header\r\n", way.seen[0])
        self.assertIn(b"canary-in-a-query", way.seen[0])
        said = broker.log()
        for words in (("keys", "list"), ("keys", "list", "--json"), ("status", "--json"), ("metrics",), ("keys", "doctor"), ("keys", "doctor", "--json")):
            done = gate.run(*words, "--config", gate.file)
            said += done.stdout + done.stderr
        self.assertIn("not_json", said)
        self.assertNotIn("canary-in-a-header", said)
        self.assertNotIn("canary-in-a-body", said)
        self.assertNotIn("canary-in-a-query", broker.log() + gate.cli("keys", "list") + gate.cli("keys", "doctor", code=3))
