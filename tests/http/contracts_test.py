"""Every contract against the real daemon: one client in, one out, and what comes later."""

import base64
import time

from harness import tokens
from harness.daemon import DaemonCase


class Contracts(DaemonCase):
    @classmethod
    def setUpClass(cls):
        from harness.daemon import Daemon

        cls.one = Daemon().start()

    @classmethod
    def tearDownClass(cls):
        cls.one.stop()

    def test_rabbitmq_is_answered_from_user_to_topic(self):
        ask = self.one.post_form
        token = tokens.good("alice")
        self.assertEqual(ask("/rabbitmq/vhost", username="alice", vhost="/", ip="127.0.0.1", tags="", client_id="r1").text, "deny")
        self.assertEqual(ask("/rabbitmq/user", username="alice", vhost="/", client_id="r1", password=tokens.changed(token)).text, "deny")
        reply = ask("/rabbitmq/user", username="alice", vhost="/", client_id="r1", password=token)
        self.assertEqual((reply.status, reply.body), (200, b"allow"))
        self.assertEqual(ask("/rabbitmq/vhost", username="alice", vhost="/", ip="127.0.0.1", tags="", client_id="r1").text, "allow")
        topic = dict(username="alice", vhost="/", resource="topic", name="amq.topic", permission="write", tags="", routing_key="a.b")
        named = {"variable_map.client_id": "r1", "variable_map.username": "alice", "variable_map.vhost": "/"}
        self.assertEqual(ask("/rabbitmq/topic", **topic, **named).text, "allow")
        named["variable_map.client_id"] = "r2"
        self.assertEqual(ask("/rabbitmq/topic", **topic, **named).text, "deny")

    def test_rabbitmq_by_get_is_answered_too(self):
        import urllib.parse

        query = urllib.parse.urlencode(dict(username="alice", vhost="/", client_id="g1", password=tokens.good("alice")))
        self.assertEqual(self.one.ask("GET", "/rabbitmq/user?" + query).text, "allow")

    def test_a_token_of_65000_bytes_arrives_whole(self):
        token = tokens.good("alice", padding="x" * 40_000)
        self.assertGreater(len(token), 50_000)
        self.assertEqual(self.one.post_form("/rabbitmq/user", username="alice", vhost="/", client_id="big", password=token).text, "allow")

    def test_after_exp_what_is_still_asked_is_denied(self):
        token = tokens.hs({"sub": "alice", "exp": int(time.time()) + 2})
        ask = self.one.post_form
        self.assertEqual(ask("/rabbitmq/user", username="alice", vhost="/", client_id="x1", password=token).text, "allow")
        vhost = dict(username="alice", vhost="/", ip="127.0.0.1", tags="", client_id="x1")
        self.assertEqual(ask("/rabbitmq/vhost", **vhost).text, "allow")
        self.eventually(lambda: ask("/rabbitmq/vhost", **vhost).text == "deny", seconds=4)

    def test_emqx_gets_its_words_and_the_end(self):
        end = int(time.time()) + 3600
        body = {"username": "alice", "clientid": "e1", "password": tokens.hs({"sub": "alice", "exp": end}), "peerhost": "192.0.2.7"}
        reply = self.one.post_json("/emqx/authenticate", body)
        self.assertEqual(reply.headers["content-type"], "application/json")
        self.assertEqual(reply.json, {"result": "allow", "is_superuser": False, "superuser": False, "expire_at": end})
        question = {"username": "alice", "clientid": "e1", "topic": "a/b", "action": "publish"}
        self.assertEqual(self.one.post_json("/emqx/authorize", question).json, {"result": "allow"})
        question["clientid"] = "e2"
        self.assertEqual(self.one.post_json("/emqx/authorize", question).json, {"result": "deny"})
        body["password"] = tokens.expired("alice")
        self.assertEqual(self.one.post_json("/emqx/authenticate", body).json, {"result": "deny"})

    def test_emqx4_gets_statuses(self):
        ask = self.one.post_form
        self.assertEqual(ask("/emqx4/auth", clientid="f1", username="a", password=tokens.good("a")).status, 200)
        self.assertEqual(ask("/emqx4/auth", clientid="f1", username="a", password="wrong").status, 401)
        self.assertEqual(ask("/emqx4/super", clientid="f1", username="a").status, 403)
        self.assertEqual(ask("/emqx4/acl", clientid="f1", username="a", access="1", topic="t").status, 200)

    def test_vernemq_gets_a_lifetime(self):
        register = {"addr": "192.0.2.7", "port": 1, "mountpoint": "", "client_id": "v1", "username": "a", "clean_session": True}
        good = {**register, "password": tokens.hs({"sub": "a", "exp": int(time.time()) + 100})}
        reply = self.one.post_json("/vernemq", good, ("vernemq-hook: auth_on_register",))
        self.assertEqual(reply.json["result"], "ok")
        self.assertIn(reply.json["modifiers"]["max_connection_lifetime"], range(95, 101))
        bad = self.one.post_json("/vernemq", {**register, "password": "x"}, ("vernemq-hook: auth_on_register_m5",))
        self.assertEqual(bad.json, {"result": {"error": "not_allowed"}})
        publish = {"username": "a", "mountpoint": "", "client_id": "v1", "qos": 1, "topic": "a/b", "payload": "aGk=", "retain": False}
        self.assertEqual(self.one.post_json("/vernemq", publish, ("vernemq-hook: auth_on_publish",)).json, {"result": "ok"})

    def test_nanomq_gets_statuses(self):
        ask = self.one.post_form
        self.assertEqual(ask("/nanomq/auth", clientid="n1", username="a", password=tokens.good("a")).status, 200)
        self.assertEqual(ask("/nanomq/auth", clientid="n1", username="a", password=tokens.expired("a")).status, 403)
        self.assertEqual(ask("/nanomq/acl", clientid="n1", username="a", access="1", topic="t/1,t/2").status, 200)
        self.assertEqual(ask("/nanomq/acl", clientid="n2", username="a", access="1", topic="t/1").status, 403)

    def test_a_proxy_is_told_who_it_is(self):
        reply = self.one.ask("GET", "/proxy/check", headers=("authorization: Bearer " + tokens.good("alice"),))
        self.assertEqual((reply.status, reply.headers["x-sallyport-principal"]), (200, "alice"))
        reply = self.one.ask("GET", "/proxy/check", headers=("authorization: Bearer " + tokens.expired("alice"),))
        self.assertEqual(reply.status, 401)
        self.assertIn("invalid_token", reply.headers["www-authenticate"])
        self.assertNotIn("invalid_token", self.one.ask("GET", "/proxy/check").headers["www-authenticate"])

    def test_our_own_says_the_reason(self):
        ask = lambda **fields: self.one.post_json("/v1/decide", fields).json
        self.assertEqual(ask(password=tokens.good("a"))["principal"], "a")
        self.assertEqual(ask(password=tokens.expired("a"))["reason"], "expired")
        self.assertEqual(ask()["reason"], "no_credentials")
        batch = self.one.post_json("/v1/decide/batch", [{"id": 1, "password": tokens.good("a")}, {"id": 2, "password": "x"}]).json
        self.assertEqual([d["verdict"] for d in batch["decisions"]], ["allow", "deny"])
        topics = self.one.post_json("/v1/topics/check", {"password": tokens.good("a"), "action": "publish", "topics": ["a", "a/#"]}).json
        self.assertEqual([t["allowed"] for t in topics["topics"]], [True, False])

    def test_a_tokens_own_rights_hold_in_every_contract(self):
        token = tokens.good("alice", acl={"pub": ["a/+"], "sub": ["b/#"]})
        self.assertEqual(self.one.post_form("/rabbitmq/user", username="alice", vhost="/", client_id="t1", password=token).text, "allow")

        def rabbit(permission, key):
            named = {"variable_map.client_id": "t1", "variable_map.username": "alice", "variable_map.vhost": "/"}
            fields = dict(username="alice", vhost="/", resource="topic", name="amq.topic", permission=permission, tags="", routing_key=key)
            return self.one.post_form("/rabbitmq/topic", **fields, **named).text

        self.assertEqual([rabbit("write", "a.x"), rabbit("write", "b.x"), rabbit("read", "b.#"), rabbit("read", "#")], ["allow", "deny", "allow", "deny"])
        self.one.post_json("/emqx/authenticate", {"username": "alice", "clientid": "t1", "password": token})
        emqx = lambda action, topic: self.one.post_json("/emqx/authorize", {"username": "alice", "clientid": "t1", "topic": topic, "action": action}).json["result"]
        self.assertEqual([emqx("publish", "a/x"), emqx("publish", "a/x/y"), emqx("subscribe", "b/+/c")], ["allow", "deny", "allow"])
        register = {"mountpoint": "", "client_id": "t1", "username": "alice", "password": token}
        self.one.post_json("/vernemq", register, ("vernemq-hook: auth_on_register",))
        subscribe = {"mountpoint": "", "client_id": "t1", "username": "alice", "topics": [["b/x", 1], ["c", 0]]}
        reply = self.one.post_json("/vernemq", subscribe, ("vernemq-hook: auth_on_subscribe",)).json
        self.assertEqual([topic["qos"] for topic in reply["topics"]], [1, 128])
        checked = self.one.post_json("/v1/topics/check", {"password": token, "action": "publish", "topics": ["a/x", "b/x"]}).json
        self.assertEqual([t["allowed"] for t in checked["topics"]], [True, False])

    def test_claims_become_attributes_and_tokens_rights_become_rules(self):
        daemon = self.daemon(
            settings=f'[jwt]\nsecret = "{tokens.KEY}"\n[jwt.attributes]\nsite = "/place/site"\n', http="emqx_acl = true\n"
        )
        token = tokens.good("device-1", place={"site": "plant 7"}, client_attrs={"line": 3, "site": "mine"}, acl={"pub": ["up/#"], "sub": ["down/+"]})
        client = {"username": "d", "clientid": "c", "password": token}
        answer = daemon.post_json("/emqx/authenticate", client).json
        self.assertEqual(answer["client_attrs"], {"site": "plant 7", "line": "3"})
        self.assertNotIn("acl", answer)  # "down/+" would be more in EMQX
        client["password"] = tokens.good("device-1", acl={"pub": ["up/#"], "sub": ["down/#"]})
        self.assertEqual([rule["topic"] for rule in daemon.post_json("/emqx/authenticate", client).json["acl"]], ["up/#", "down/#", "#"])

        encoded = base64.b64encode(token.encode()).decode()
        answer = daemon.post_json("/eventgrid/authenticate", {"clientId": "c", "userName": "d", "password": encoded}).json
        self.assertEqual((answer["decision"], answer["clientAuthenticationName"], answer["attributes"]["site"]), ("allow", "device-1", "plant 7"))
        answer = daemon.post_json("/iotops?api-version=0.5.0", {"type": "connect", "username": "d", "password": encoded})
        self.assertEqual((answer.status, answer.json["attributes"]["line"]), (200, "3"))
        bad = base64.b64encode(tokens.changed(token).encode()).decode()
        self.assertEqual(daemon.post_json("/iotops?api-version=0.5.0", {"type": "connect", "username": "d", "password": bad}).json["reason"], 135)
        answer = daemon.post_json("/tbmq/authenticate", {"username": "d", "clientId": "c", "password": token}).json
        self.assertEqual((answer["result"], answer["authRules"]), ("success", {"pub": ["up(/.*)?"], "sub": ["down/[^/#]*"]}))
        self.assertEqual(daemon.post_json("/tbmq/authenticate", {"username": "d", "clientId": "c", "password": tokens.changed(token)}).json["result"], "failure")

    def test_a_published_secret_admits_nobody_over_http(self):
        daemon = self.daemon(settings='[jwt]\nsecret = "secret"\n')
        self.assertEqual(daemon.post_json("/v1/decide", {"password": tokens.SAMPLE, "peer": "127.0.0.1"}).json["reason"], "published_secret")

    def test_observing_hands_on_and_admits_nobody(self):
        daemon = self.daemon(settings=f'[jwt]\nsecret = "{tokens.KEY}"\n[gate]\nmode = "observe"\n')
        body = {"username": "alice", "clientid": "e1", "password": tokens.good("alice")}
        self.assertEqual(daemon.post_json("/emqx/authenticate", body).json, {"result": "ignore"})
        self.assertEqual(daemon.post_form("/rabbitmq/user", username="a", vhost="/", client_id="c", password=tokens.good("a")).text, "deny")


class Users(DaemonCase):
    def test_users_come_in_by_password_and_a_disabled_ones_admission_ends(self):
        daemon = self.daemon()
        daemon.gate.add_user("ann", "right horse")
        ask = daemon.post_form
        question = dict(username="ann", vhost="/", client_id="u1")
        self.eventually(lambda: ask("/rabbitmq/user", **question, password="right horse").text == "allow", daemon.log())
        self.assertEqual(ask("/rabbitmq/user", **question, password="wrong").text, "deny")
        self.assertEqual(ask("/rabbitmq/vhost", **question, ip="::1").text, "allow")
        daemon.gate.cli("user", "disable", "ann")
        self.eventually(lambda: ask("/rabbitmq/vhost", **question, ip="::1").text == "deny")
