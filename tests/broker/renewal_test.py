"""Sessions by MQTT 5's AUTH, and renewal without reconnect: by AUTH and by $CONTROL."""

import json
import time

from harness import raw_mqtt, tokens
from harness.case import CLOSED, V5, V311, VERSIONS, BrokerCase, Listener, current_version
from harness.gate import SECRET
from harness.raw_mqtt import AUTH, CONNACK, DISCONNECT, packet

RENEW = "$CONTROL/sallyport/v1/renew"
RESPONSE = "$CONTROL/sallyport/v1/renew/response"
NOTICE = "$CONTROL/sallyport/v1/notice"
TOKENS = f"[jwt]\n{SECRET}\n"
QUIET = '[session]\nnotice = "0s"\n' + TOKENS
BOUND = f'[jwt]\n{SECRET}\nclaims = {{ client = "%c" }}\n'

# How a refused renewal ends: 2.0.11 would answer with a second CONNACK, so there the connection is closed.
REFUSED_RENEWAL = (DISCONNECT, 0x87)


def lives(seconds, subject="device-1", **claims):
    """A token that ends so many whole seconds from now; and the moment."""
    end = int(time.time()) + seconds
    return tokens.hs({"sub": subject, "exp": end, **claims}), end


def gone(client, seconds=6.0):
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


class RenewalCase(BrokerCase):
    def assertRefusedRenewal(self, answer):
        if current_version()[:2] == (2, 0) and current_version() < (2, 0, 13):
            self.assertEqual(answer, CLOSED)
        else:
            self.assertEqual(answer, REFUSED_RENEWAL)

    def response(self, client):
        topic, payload = client.message()
        self.assertEqual(topic, RESPONSE)
        return json.loads(payload)

    def renew(self, client, token, qos=0):
        client.publish(RENEW, token, qos)
        return self.response(client)

    def by_auth(self, broker, token, client_id="c-1", method="JWT", **fields):
        return self.client(broker, V5, client_id=client_id, auth_method=method, auth_data=token, **fields)


class EnhancedAuthentication(RenewalCase):
    def test_a_token_in_authentication_data_gets_in_and_the_method_is_confirmed(self):
        gate, broker = self.start(TOKENS)
        for method in ("JWT", "CUSTOM-JWT", "OAUTH2-JWT"):
            client = self.by_auth(broker, tokens.good("device-7"), f"c-{method}", method)
            self.assertIn(b"\x15" + len(method).to_bytes(2, "big") + method.encode(), client.properties)
            self.assertTrue(client.ping())
            # The broker's own name of it is the principal.
            broker.wait_for_log(rf"connected from \S+ as c-{method} \(.*u'device-7'\)")

    def test_a_bad_token_stays_out_and_says_why_to_the_operator_alone(self):
        gate, broker = self.start(TOKENS)
        cases = (
            (tokens.changed(tokens.good()), "bad_signature"),
            (tokens.expired(), "expired"),
            ("no token", "not_a_token"),
            ("", "no_credentials"),
            (None, "no_credentials"),
            ("x" * 65_535, "not_a_token"),
            (tokens.good(acl={"pub": "x", "sub": 7}), "malformed_rights"),
            (tokens.good() + "\0", "not_a_token"),
        )
        for data, reason in cases:
            with self.subTest(reason):
                fields = {"client_id": "c-1", "auth_method": "JWT", "auth_data": data}
                self.assertEqual(self.code(broker, V5, **fields), 0x87)
                self.assertIn(gate.last_reason(), (reason, "malformed_token"))
        self.assertGetsIn(broker, V5, auth_method="JWT", auth_data=tokens.good())

    def test_a_method_that_the_settings_do_not_name_is_a_bad_authentication_method(self):
        gate, broker = self.start(TOKENS)
        for method in ("SCRAM-SHA-1", "jwt", "JWT ", ""):
            code = self.code(broker, V5, auth_method=method, auth_data=tokens.good())
            if not method and current_version() >= (2, 1, 0):
                self.assertEqual(code, 0x82, "2.1 does not ask about an empty method")
                continue
            self.assertEqual(code, 0x8C, method)
            self.assertEqual(gate.last_reason(), "unsupported_method")
        gate.write(f"[mqtt5]\nmethods = []\n{TOKENS}")
        gate.reload()
        self.assertEqual(self.code(broker, V5, auth_method="JWT", auth_data=tokens.good()), 0x8C)

    def test_a_name_of_the_store_is_refused_beside_a_token_unless_a_claim_binds_it(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate)
        token = tokens.good("device-1", name="alice")
        fields = {"auth_method": "JWT", "auth_data": token, "username": "alice"}
        self.assertEqual(self.code(broker, V5, **fields), 0x87)
        self.assertEqual(gate.last_reason(), "unbound_user_name")
        self.assertEqual(self.code(broker, V5, password="wonderland-7", **fields), 0x87)
        self.assertGetsIn(broker, V5, **{**fields, "username": "bob"})
        gate.write(f'[jwt]\n{SECRET}\nclaims = {{ name = "%u" }}\n')
        gate.reload()
        self.assertGetsIn(broker, V5, **fields)
        self.assertEqual(self.code(broker, V5, **{**fields, "username": "bob"}), 0x87)

    def test_claims_are_held_to_what_connect_says(self):
        gate, broker = self.start(BOUND)
        self.assertEqual(self.code(broker, V5, auth_method="JWT", auth_data=tokens.good(client="other")), 0x87)
        self.assertEqual(gate.last_reason(), "claim_mismatch")
        self.assertGetsIn(broker, V5, auth_method="JWT", auth_data=tokens.good(client="c-1"))

    def test_the_will_of_one_who_stayed_out_is_published_by_nobody(self):
        gate, broker = self.start(TOKENS)
        watcher = self.client(broker, client_id="watcher", username="w", password=tokens.good())
        watcher.subscribe("will/#")
        for data in (tokens.expired(), None):
            self.code(broker, V5, auth_method="JWT", auth_data=data, will=raw_mqtt.Will("will/refused"))
        self.code(broker, V5, auth_method="other", will=raw_mqtt.Will("will/other"))
        watcher.publish("will/marker", "m")
        self.assertEqual(watcher.message()[0], "will/marker")

    def test_an_observing_gate_speaks_no_method(self):
        gate, broker = self.start('[gate]\nmode = "observe"\n' + TOKENS)
        self.assertEqual(self.code(broker, V5, auth_method="JWT", auth_data=tokens.good()), 0x8C)

    def test_a_reload_of_the_broker_sends_nobody_away(self):
        gate, broker = self.start(TOKENS)
        client = self.by_auth(broker, tokens.good())
        for _ in range(2):
            mark = broker.mark()
            broker.sighup()
            broker.wait_for_log("Reloading config", mark)
            self.assertTrue(client.ping())


class RenewalByAuth(RenewalCase):
    def test_a_client_that_renews_stays_beyond_its_first_tokens_end(self):
        gate, broker = self.start(QUIET)
        first, end = lives(3)
        client = self.by_auth(broker, first)
        second, later = lives(6)
        self.assertEqual(client.authenticate("JWT", second), (AUTH, 0))
        self.assertGreaterEqual(gone(client, 10), later - 1)
        self.assertGreater(later, end)
        self.assertLessEqual(time.time() - later, 1.5)

    def test_a_renewal_may_end_sooner(self):
        gate, broker = self.start(QUIET)
        client = self.by_auth(broker, tokens.good())
        token, end = lives(2)
        self.assertEqual(client.authenticate("JWT", token), (AUTH, 0))
        self.assertLessEqual(gone(client) - end, 1.5)

    def test_a_token_of_somebody_else_ends_the_connection(self):
        gate, broker = self.start(TOKENS)
        client = self.by_auth(broker, tokens.good("device-1"))
        self.assertRefusedRenewal(client.authenticate("JWT", tokens.good("device-2")))
        self.assertEqual(gate.last_reason(), "identity_changed")
        self.assertIsNotNone(gone(client))

    def test_a_token_of_another_issuer_ends_the_connection(self):
        gate, broker = self.start(TOKENS)
        client = self.by_auth(broker, tokens.good(iss="one"))
        self.assertEqual(client.authenticate("JWT", tokens.good(iss="one")), (AUTH, 0))
        self.assertRefusedRenewal(client.authenticate("JWT", tokens.good(iss="two")))
        self.assertEqual(gate.last_reason(), "identity_changed")

    def test_a_bad_token_ends_the_connection(self):
        gate, broker = self.start(TOKENS)
        for token, reason in (
            (tokens.changed(tokens.good()), "bad_signature"),
            (tokens.expired(), "expired"),
            ("", "no_credentials"),
            (None, "no_credentials"),
            ("x" * 65_535, "not_a_token"),
        ):
            with self.subTest(reason):
                client = self.by_auth(broker, tokens.good())
                self.assertRefusedRenewal(client.authenticate("JWT", token))
                self.assertEqual(gate.last_reason(), reason)
                self.assertIsNotNone(gone(client))

    def test_rights_become_the_new_tokens(self):
        gate, broker = self.start(TOKENS)
        speaker = self.client(broker, client_id="speaker", username="s", password=tokens.good("s"))
        client = self.by_auth(broker, tokens.good(acl={"all": ["old/#", "both"]}))
        self.assertEqual(client.subscribe("old/#"), 0)
        self.assertEqual(client.subscribe("both"), 0)
        self.assertEqual(client.publish("new/a", "x", 1), 0x87)
        speaker.publish("old/a", "1")
        self.assertEqual(client.message(), ("old/a", b"1"))
        mark = broker.mark()
        self.assertEqual(client.authenticate("JWT", tokens.good(acl={"all": ["new/#", "both"]})), (AUTH, 0))
        broker.wait_for_log(r"does not cover 1 of its subscriptions", mark)
        self.assertEqual(client.publish("old/a", "x", 1), 0x87)
        self.assertEqual(client.publish("new/a", "x", 1) & 0x80, 0)
        # What it held and may no more is served no more; what it still may is.
        speaker.publish("old/a", "2")
        speaker.publish("both", "3")
        self.assertEqual(client.message(), ("both", b"3"))
        self.assertIn("sallyport_lost_subscriptions_total 1", gate.cli("metrics"))
        # With the old rights again it subscribes again; 2.1 forgot the subscription, and with 2.0 it brings nothing.
        self.assertEqual(client.authenticate("JWT", tokens.good(acl={"all": ["old/#"]})), (AUTH, 0))
        speaker.publish("old/a", "4", 1)  # acknowledged before the other asks
        self.assertEqual(client.subscribe("old/#"), 0)
        speaker.publish("old/a", "5")
        self.assertEqual(client.message(), ("old/a", b"5"))

    def test_a_subscription_wider_than_the_new_token_brings_nothing_that_is_not_subscribed_anew(self):
        gate, broker = self.start(TOKENS)
        speaker = self.client(broker, client_id="speaker", username="s", password=tokens.good("s"))
        for version in VERSIONS:
            with self.subTest(version):
                name = f"c-{version}"
                client = self.client(broker, version, client_id=name, username="x", password=tokens.good(acl={"all": ["a/#", "b"]}))
                self.assertEqual([client.subscribe(one) for one in ("a/#", "b")], [0, 0])
                speaker.publish("a/1", "before")
                self.assertEqual(client.message(), ("a/1", b"before"))
                mark = broker.mark()
                self.assertEqual(self.renew(client, tokens.good(acl={"all": ["a/1", "b"]}))["result"], "renewed")
                broker.wait_for_log(rf'"{name}" renewed with a token that does not cover 1 of its subscriptions', mark)
                for topic in ("a/1", "a/2", "b"):
                    speaker.publish(topic, "after")
                self.assertEqual(client.message(), ("b", b"after"))
                self.assertEqual(client.subscribe("a/1"), 0)
                for topic in ("a/2", "a/1"):
                    speaker.publish(topic, "anew")
                self.assertEqual(client.message(), ("a/1", b"anew"))
                self.assertTrue(client.ping())
                # 2.0 still holds a/#, and in MQTT 5 hands out one for each subscription.
                self.assertLessEqual(len(client._kept), 1 if version == V5 and current_version() < (2, 1, 0) else 0)
                self.assertEqual({client.message() for _ in list(client._kept)} - {("a/1", b"anew")}, set())
        self.assertIn(f"sallyport_lost_subscriptions_total {len(VERSIONS)}", gate.cli("metrics"))

    def test_of_a_kept_session_what_the_new_token_does_not_allow_is_not_delivered(self):
        gate, broker = self.start(TOKENS)
        speaker = self.client(broker, client_id="speaker", username="s", password=tokens.good("s"))
        kept = {"client_id": "kept", "username": "x", "clean": False}
        with raw_mqtt.Client(broker.port) as first:
            self.assertEqual(first.connect(**kept, password=tokens.good(acl={"all": ["a/#"]})), 0)
            self.assertEqual(first.subscribe("a/#"), 0)
        client = self.client(broker, **kept, password=tokens.good(acl={"all": ["a/#"]}))
        self.assertEqual(self.renew(client, tokens.good(acl={"all": ["a/1"]}))["result"], "renewed")
        for topic in ("a/2", "a/1"):
            speaker.publish(topic, "x")
        self.assertEqual(client.message(), ("a/1", b"x"))

    def test_another_method_a_second_connect_and_auth_before_connect_end_the_connection(self):
        gate, broker = self.start(TOKENS)
        other = self.by_auth(broker, tokens.good())
        other.authenticate("CUSTOM-JWT", tokens.good())
        self.assertIsNotNone(gone(other))
        none = self.by_auth(broker, tokens.good())
        none.authenticate(None, tokens.good())
        self.assertIsNotNone(gone(none))
        twice = self.by_auth(broker, tokens.good())
        twice.send(raw_mqtt.connect_packet(V5, client_id="c-1", auth_method="JWT", auth_data=tokens.good()))
        self.assertIsNotNone(gone(twice))
        first = raw_mqtt.Client(broker.port, V5)
        self.addCleanup(first.close)
        self.assertIn(first.authenticate("JWT", tokens.good()), (CLOSED, (DISCONNECT, 0x82)))
        # In one piece with CONNECT, before the answer: the broker takes one packet after the other.
        hasty = raw_mqtt.Client(broker.port, V5)
        self.addCleanup(hasty.close)
        hasty.send(raw_mqtt.connect_packet(V5, client_id="h", auth_method="JWT", auth_data=tokens.good()))
        self.assertEqual(hasty.authenticate("JWT", tokens.good()), (CONNACK, 0))
        self.assertEqual(hasty.receive()[0], AUTH)
        password = self.client(broker, V5, client_id="p", username="p", password=tokens.good())
        password.authenticate("JWT", tokens.good())
        self.assertIsNotNone(gone(password))
        self.assertTrue(broker.alive())

    def test_auth_that_nothing_asked_for_harms_nobody(self):
        gate, broker = self.start(TOKENS)
        for auth in (packet(AUTH, 0, b""), packet(AUTH, 0, b"\x18\x06\x15\x00\x03JWT"), packet(AUTH, 0, b"\x00\x00")):
            for session_expiry in (None, 300):
                client = self.by_auth(broker, tokens.good(), "odd", session_expiry=session_expiry)
                client.subscribe("a")
                client.send(auth)
                self.assertIsNotNone(gone(client))
                for _ in range(3):
                    self.assertGetsIn(broker, V5, client_id="odd", auth_method="JWT", auth_data=tokens.good())
        watcher = self.client(broker, client_id="odd", username="w", password=tokens.good())
        watcher.subscribe("a")
        watcher.publish("a", "still here")
        self.assertEqual(watcher.message(), ("a", b"still here"))

    def test_over_tls_and_websocket_too(self):
        gate = self.gate(TOKENS)
        broker = self.broker(gate, listeners=[Listener("tcp"), Listener("tls"), Listener("ws")])
        for transport in ("tls", "ws"):
            with self.subTest(transport):
                tls = broker.tls_context() if transport == "tls" else None
                client = raw_mqtt.Client(broker.port_of(transport), V5, tls=tls, web_socket=transport == "ws")
                self.addCleanup(client.close)
                self.assertEqual(client.connect(client_id="c", auth_method="JWT", auth_data=tokens.good()), 0)
                self.assertEqual(client.authenticate("JWT", tokens.good()), (AUTH, 0))
                self.assertEqual(self.renew(client, tokens.good())["result"], "renewed")
                self.assertRefusedRenewal(client.authenticate("JWT", tokens.good("other")))


class RenewalByControl(RenewalCase):
    def test_a_client_of_any_version_renews_and_hears_until_when(self):
        gate, broker = self.start(QUIET)
        first, _ = lives(3)
        second, later = lives(6)
        clients = [self.client(broker, version, client_id=f"c-{version}", username="x", password=first) for version in VERSIONS]
        for client in clients:
            self.assertEqual(self.renew(client, second, 1), {"result": "renewed", "ends_at": later})
        for client in clients:
            with self.subTest(client.version):
                self.assertGreaterEqual(gone(client, 10), later - 1)
                self.assertLessEqual(time.time() - later, 1.5)

    def test_a_refused_renewal_leaves_the_session_its_own_end(self):
        gate, broker = self.start(QUIET)
        token, end = lives(60)
        client = self.client(broker, client_id="c", username="x", password=token)
        for bad, reason in (
            (tokens.expired(), "expired"),
            (tokens.changed(tokens.good()), "bad_signature"),
            ("", "no_credentials"),
            ("x" * 100_000, "field_too_long"),
        ):
            self.assertEqual(self.renew(client, bad), {"result": "refused", "ends_at": end})
            self.assertEqual(gate.last_reason(), reason)
        self.assertTrue(client.ping())

    def test_a_token_of_somebody_else_ends_the_connection(self):
        gate, broker = self.start(TOKENS)
        for other in (tokens.good("device-2"), tokens.good(iss="elsewhere")):
            client = self.client(broker, client_id="c", username="x", password=tokens.good())
            client.publish(RENEW, other)
            self.assertIsNotNone(gone(client))
            self.assertEqual(gate.last_reason(), "identity_changed")

    def test_claims_are_held_to_what_connect_said(self):
        gate, broker = self.start(f'[jwt]\n{SECRET}\nclaims = {{ user = "%u", client = "%c" }}\n')
        client = self.client(broker, client_id="c", username="u", password=tokens.good(user="u", client="c"))
        self.assertEqual(self.renew(client, tokens.good(user="u", client="c"))["result"], "renewed")
        self.assertEqual(self.renew(client, tokens.good(user="u", client="d"))["result"], "refused")
        self.assertEqual(self.renew(client, tokens.good(user="v", client="c"))["result"], "refused")

    def test_a_session_by_auth_or_by_a_token_as_user_name_renews_so_too(self):
        gate, broker = self.start(f'[jwt]\nfrom = "username"\n{SECRET}\n')
        auth = self.by_auth(broker, tokens.good(), "a", username="joe")
        self.assertEqual(self.renew(auth, tokens.good())["result"], "renewed")
        named = self.client(broker, client_id="b", username=tokens.good())
        self.assertEqual(self.renew(named, tokens.good())["result"], "renewed")
        # Without a claim that says who it is, the client id does.
        for token in (tokens.hs({"exp": int(time.time()) + 60}), tokens.hs({"exp": int(time.time()) + 90})):
            nobody = self.client(broker, client_id="n", username=token)
            self.assertEqual(self.renew(nobody, tokens.hs({"exp": int(time.time()) + 120}))["result"], "renewed")

    def test_a_user_of_the_store_has_nothing_to_renew(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        broker = self.broker(gate)
        client = self.client(broker, client_id="c", username="alice", password="wonderland-7")
        self.assertEqual(self.renew(client, tokens.good("alice"))["result"], "refused")
        self.assertTrue(client.ping())

    def test_nobody_else_hears_of_it_whatever_he_subscribes_to_or_may(self):
        gate = self.gate(f'[topics]\nno_match = "deny"\n[jwt]\nsuperuser_claim = "root"\n{SECRET}\n')
        gate.add_user("root", "wonderland-7", "--superuser")
        broker = self.broker(gate)
        root = self.client(broker, V5, client_id="root", username="root", password="wonderland-7")
        for topic in ("#", "$CONTROL/#", "$CONTROL/sallyport/v1/+", RESPONSE, NOTICE, f"$share/g/{NOTICE}", f"$share/g/{RENEW}"):
            root.subscribe(topic)
        self.assertEqual(root.subscribe(RENEW), 0x87)
        token = tokens.good(acl={"sub": ["a"]})
        device = self.client(broker, V5, client_id="d", username="x", password=token)
        other = self.client(broker, V5, client_id="o", username="x", password=token)
        for one in (device, other):
            self.assertEqual(one.subscribe(RESPONSE), 0)
            self.assertEqual(one.subscribe(NOTICE), 0)
            self.assertEqual(one.subscribe(RENEW), 0x87)
            self.assertEqual(one.subscribe("$CONTROL/sallyport/v1/#"), 0x87)
        self.assertEqual(self.renew(device, token)["result"], "renewed")
        for topic in (RESPONSE, NOTICE, "$CONTROL/sallyport/v1/else", "$CONTROL/sallyport/v2/renew"):
            self.assertEqual(device.publish(topic, "made up", 1), 0x87)
            self.assertEqual(root.publish(topic, "made up", 1), 0x87)
        # Not by a will either, which no control callback would see (newer brokers take none for these topics).
        for number, topic in enumerate((RESPONSE, NOTICE, RENEW)):
            one = raw_mqtt.Client(broker.port, V5)
            self.addCleanup(one.close)
            will = raw_mqtt.Will(topic, tokens.good().encode())
            one.connect(client_id=f"w-{number}", username="root", password="wonderland-7", will=will)
            one.close()
        root.publish("a", "end")
        self.assertEqual(root.message(), ("a", b"end"))
        device.subscribe("a")
        other.subscribe("a")
        root.publish("a", "end")
        self.assertEqual(other.message(), ("a", b"end"))
        self.assertEqual(device.message(), ("a", b"end"))

    def test_the_token_is_in_no_log_and_is_not_retained(self):
        gate, broker = self.start(f'[log]\nlevel = "debug"\n{TOKENS}')
        client = self.client(broker, V5, client_id="c", username="x", password=tokens.good())
        fresh, bad = tokens.good(canary="c-4711"), tokens.changed(tokens.good(canary="c-4712"))
        client.publish(RENEW, fresh, 1, retain=True)
        self.response(client)
        client.publish(RENEW, bad, 1, retain=True)
        self.response(client)
        client.subscribe(RENEW)
        client.subscribe("#")
        self.assertTrue(client.ping())
        everything = broker.log() + gate.cli("why", "--client-id", "c", "--last", 20) + gate.cli("metrics")
        for token in (fresh, bad):
            for part in token.split(".")[1:]:
                self.assertNotIn(part, everything)

    def test_a_word_before_the_end_and_none_after_a_renewal(self):
        gate, broker = self.start('[session]\nnotice = "2s"\n' + TOKENS)
        token, end = lives(5)
        clients = [self.client(broker, version, client_id=f"c-{version}", username="x", password=token) for version in VERSIONS]
        for client in clients:
            topic, payload = client.message()
            self.assertEqual((topic, json.loads(payload)["ends_at"]), (NOTICE, end))
            self.assertLessEqual(abs(time.time() - (end - 2)), 1.2)
            self.assertEqual(self.renew(client, tokens.good())["result"], "renewed")
        time.sleep(max(0.0, end + 1.2 - time.time()))
        for client in clients:
            self.assertIsNone(gone(client, 0.2), f"{client.version}: the old end is no end any more")
            self.assertTrue(client.ping())

    def test_a_short_session_is_told_at_half_of_it(self):
        gate, broker = self.start(TOKENS)
        token, end = lives(4)
        client = self.client(broker, client_id="c", username="x", password=token)
        self.assertEqual(client.message()[0], NOTICE)
        self.assertGreaterEqual(time.time(), end - 2.2)

    def test_what_is_denied_and_who_is_sent_away_shows_in_why_log_and_metrics(self):
        gate, broker = self.start(QUIET)
        token, end = lives(3, acl={"pub": ["mine"]})
        client = self.client(broker, V5, client_id="c", username="x", password=token)
        self.assertEqual(client.publish("yours", "x", 1), 0x87)
        last = gate.last(1)[-1]
        self.assertEqual((last["reason"], last["client_id"]), ("topic_denied", "c"))
        self.assertIn('publishing to "yours"', last["explanation"][0])
        self.assertIn("denied a topic to client", broker.log())
        self.assertIsNotNone(gone(client))
        last = gate.last(1)[-1]
        self.assertEqual((last["reason"], last["client_id"], last["expires_at"]), ("session_ended", "c", end))
        self.assertIn("sent away client", broker.log())
        self.assertIn("sent away", gate.cli("why", "--client-id", "c"))
        page = gate.cli("metrics")
        for line in ("sallyport_ended_sessions_total 1", "sallyport_topic_denials_total 1", "sallyport_renewals_total 0"):
            self.assertIn(line, page)

    def test_with_per_listener_settings_each_listeners_clients_renew(self):
        gate = self.gate(QUIET)
        broker = self.broker(gate, listeners=[Listener(plugin=True), Listener(plugin=True)], per_listener=True)
        for number, listener in enumerate(broker.listeners):
            client = raw_mqtt.Client(listener.port, V311)
            self.addCleanup(client.close)
            self.assertEqual(client.connect(client_id=f"c-{number}", username="x", password=tokens.good()), 0)
            self.assertEqual(self.renew(client, tokens.good())["result"], "renewed")
