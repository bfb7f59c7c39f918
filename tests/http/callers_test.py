"""Who may ask: bearer, Basic, certificates, Unix sockets, secret path segments, addresses."""

import base64
import os
import signal
import ssl
import subprocess
import time
import unittest

from harness import certs, machine, tokens
from harness.daemon import Daemon, DaemonCase, client_tls, request

TOKEN = "a-bearer-token-of-the-tests"
RABBIT = "the-rabbits-password"
SEGMENT = "a-segment-of-the-tests"
SECRETS = (TOKEN, RABBIT, SEGMENT)


class Callers(DaemonCase):
    def secret(self, daemon, name, text):
        path = daemon.folder / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    def with_callers(self):
        daemon = Daemon(
            http="""bearer_file = "bearer"
[[http.callers]]
name = "rabbit"
contracts = ["rabbitmq"]
basic_user = "rmq"
basic_password_file = "rabbit.password"
[[http.callers]]
name = "nano"
contracts = ["nanomq"]
path_secret_file = "segment"
addresses = ["127.0.0.0/8"]
[[http.callers]]
name = "elsewhere"
contracts = ["emqx"]
path_secret_file = "segment"
addresses = ["192.0.2.0/24"]
""",
            listen='["127.0.0.1:0", "unix:SOCKET"]',
        )
        daemon.gate.write(daemon.gate.settings.replace("SOCKET", str(daemon.folder / "http.sock")))
        self.secret(daemon, "bearer", TOKEN)
        self.secret(daemon, "rabbit.password", RABBIT)
        self.secret(daemon, "segment", SEGMENT)
        daemon.start()
        self.addCleanup(self._stop, daemon)
        return daemon

    def test_each_proof_opens_what_it_is_bound_to_and_nothing_else(self):
        daemon = self.with_callers()
        decide = lambda *headers: daemon.ask("POST", "/v1/decide", "{}", headers).status
        self.assertEqual(decide(), 401)
        self.assertEqual(decide("authorization: Bearer " + TOKEN), 200)
        self.assertEqual(decide("authorization: Bearer " + TOKEN[:-1]), 401)
        self.assertEqual(decide("authorization: Bearer " + TOKEN, "authorization: Bearer " + TOKEN), 401)
        basic = "authorization: Basic " + base64.b64encode(f"rmq:{RABBIT}".encode()).decode()
        user = dict(username="a", vhost="/", client_id="c", password=tokens.good("a"))
        self.assertEqual(daemon.post_form("/rabbitmq/user", (basic,), **user).text, "allow")
        self.assertEqual(daemon.post_form("/rabbitmq/user", **user).status, 401)
        self.assertEqual(decide(basic), 401)
        nano = dict(clientid="c", username="a", password=tokens.good("a"))
        self.assertEqual(daemon.post_form(f"/k/{SEGMENT}/nanomq/auth", **nano).status, 200)
        self.assertEqual(daemon.post_form(f"/k/{SEGMENT}x/nanomq/auth", **nano).status, 401)
        self.assertEqual(daemon.post_form("/nanomq/auth", **nano).status, 401)
        # EMQX asks its next source after any other status: whoever may not ask is told "deny".
        reply = daemon.post_json(f"/k/{SEGMENT}/emqx/authenticate", {"password": tokens.good("a")})
        self.assertEqual((reply.status, reply.json), (200, {"result": "deny"}))
        self.assertGreater(daemon.metric("sallyport_http_unproven_callers_total", str(daemon.folder / "http.sock")), 4)
        log = daemon.log()
        self.assertIn("who asks from 127.0.0.1 did not prove that he may ask v1", log)
        for secret in SECRETS:
            self.assertNotIn(secret, log)

    def test_health_is_open_and_its_causes_are_not_for_strangers(self):
        daemon = self.with_callers()
        self.assertEqual(daemon.ask("GET", "/health/alive").text, "alive\n")
        self.assertEqual(daemon.ask("GET", "/metrics").status, 401)
        self.assertEqual(daemon.ask("GET", "/metrics", headers=("authorization: Bearer " + TOKEN,)).status, 200)

    def test_a_sockets_owner_may_ask_and_another_user_may_not(self):
        daemon = self.with_callers()
        path = daemon.folder / "http.sock"
        self.assertEqual(path.stat().st_mode & 0o777, 0o660)
        self.assertEqual(daemon.ask("POST", "/v1/decide", "{}", address=str(path)).status, 200)
        if os.geteuid() != 0:
            self.skipTest("only root can be somebody else")
        path.chmod(0o666)
        daemon.folder.chmod(0o755)
        code = (
            "import socket,os,sys; os.setgid(65534); os.setuid(65534); s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
            "s.sendall(b'POST /v1/decide HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 2\\r\\n\\r\\n{}'); print(s.recv(99).split()[1].decode())"
        )
        done = subprocess.run(["/usr/bin/python3", "-c", code, str(path)], capture_output=True, text=True)
        self.assertEqual(done.stdout.strip(), "401", done.stderr)

    def test_a_secret_is_changed_without_a_restart(self):
        daemon = self.with_callers()
        self.secret(daemon, "bearer", "another-token-of-the-tests")
        ask = lambda token: daemon.ask("POST", "/v1/decide", "{}", ("authorization: Bearer " + token,)).status
        self.eventually(lambda: ask("another-token-of-the-tests") == 200, daemon.log())
        self.assertEqual(ask(TOKEN), 401)
        # A broken file changes nothing.
        self.secret(daemon, "bearer", "short")
        self.eventually(lambda: "fewer than 16" in daemon.log())
        self.assertEqual(ask("another-token-of-the-tests"), 200)

    def test_an_open_daemon_does_not_start_beyond_loopback(self):
        daemon = Daemon(listen='["0.0.0.0:0"]').start(code=3)
        self.assertIn("nobody is asked who he is", daemon.log())

    def test_settings_that_are_wrong_are_said_and_end_with_three(self):
        daemon = Daemon(http='[[http.callers]]\nname = "x"\ncontracts = ["rabbit"]\n').start(code=3)
        self.assertIn('did you mean "rabbitmq"?', daemon.log())
        self.assertIn("a caller has no proof", daemon.log())


class Tls(DaemonCase):
    def with_tls(self, extra="", settings=""):
        daemon = Daemon(http=f'tls_cert = "server.crt"\ntls_key = "server.key"\n{extra}')
        self.authority = certs.Authority(daemon.folder)
        certificate, key = self.authority.issue("server", server=True)
        assert certificate.name == "server.crt" and key.name == "server.key"
        return daemon

    def started(self, daemon):
        daemon.start()
        self.addCleanup(self._stop, daemon)
        return daemon

    def test_a_callers_certificate_is_his_proof(self):
        daemon = self.started(self.with_tls('client_ca = "ca.pem"\n'))
        mine = self.authority.issue("broker-1")
        ask = lambda tls: daemon.ask("POST", "/v1/decide", "{}", tls=tls).status
        self.assertEqual(ask(client_tls(self.authority.file, mine)), 200)
        self.assertEqual(ask(client_tls(self.authority.file)), 401)
        other_folder = machine.temp_folder()
        other = certs.Authority(other_folder).issue("broker-1")
        with self.assertRaises((ssl.SSLError, ConnectionError, AttributeError)):
            ask(client_tls(self.authority.file, other)).status

    def test_a_named_caller_needs_the_name(self):
        daemon = self.started(
            self.with_tls('client_ca = "ca.pem"\n[[http.callers]]\nname = "one"\ncertificate = "broker-1"\n')
        )
        ask = lambda name: daemon.ask("POST", "/v1/decide", "{}", tls=client_tls(self.authority.file, self.authority.issue(name))).status
        self.assertEqual(ask("broker-1"), 200)
        self.assertEqual(ask("broker-2"), 401)

    def test_a_new_certificate_is_shown_to_new_connections(self):
        daemon = self.started(self.with_tls())
        serial = lambda: self.peer_serial(daemon)
        first = serial()
        with daemon.wire(client_tls(self.authority.file)) as old:
            self.authority.issue("server", server=True)
            self.eventually(lambda: serial() != first, daemon.log())
            old.send(request("GET", "/health/alive"))
            self.assertEqual(old.reply().text, "alive\n")

    def peer_serial(self, daemon):
        try:
            with daemon.wire(client_tls(self.authority.file)) as wire:
                return wire.socket.getpeercert()["serialNumber"]
        except ssl.SSLError:
            return None

    def test_old_versions_and_plain_text_are_refused(self):
        daemon = self.started(self.with_tls())
        with daemon.wire() as wire:
            wire.send(request("GET", "/health/alive"))
            self.assertIsNone(wire.reply())
        self.assertEqual(daemon.ask("GET", "/health/alive", tls=client_tls(self.authority.file)).status, 200)
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        self.assertNotEqual(done.returncode, 0)

    def test_renegotiation_and_early_data_do_not_exist(self):
        daemon = self.started(self.with_tls())
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-tls1_2", "-legacy_renegotiation"],
            input="R\n", capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        self.assertIn("RENEGOTIATING", done.stdout + done.stderr)
        self.assertIn("no renegotiation", done.stdout + done.stderr)
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-tls1_3"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        self.assertNotIn("New Session Ticket arrived", done.stdout)


class Life(DaemonCase):
    def test_a_reload_that_fails_keeps_what_was_in_force(self):
        daemon = self.daemon()
        before = daemon.gate.settings
        daemon.gate.write_raw("[http]\nlisten = 7\n")
        daemon.signal(signal.SIGHUP)
        self.eventually(lambda: "not applied" in daemon.log())
        self.assertEqual(daemon.post_json("/v1/decide", {"password": tokens.good("a")}).json["verdict"], "allow")
        daemon.gate.write(before)
        daemon.signal(signal.SIGHUP)
        self.eventually(lambda: "settings reloaded" in daemon.log())

    def test_stopping_finishes_and_says_so(self):
        notify = machine.temp_folder() / "notify.sock"
        import socket

        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told.bind(str(notify))
        told.settimeout(10)
        daemon = self.daemon(environment={"NOTIFY_SOCKET": str(notify), "WATCHDOG_USEC": "900000"})
        self.assertEqual(told.recv(100), b"READY=1")
        self.assertEqual(told.recv(100), b"WATCHDOG=1")
        idle = daemon.wire()
        idle.send(request("GET", "/health/ready"))
        self.assertEqual(idle.reply().json["ready"], True)
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        # Alive, not ready, and what is asked meanwhile is answered. A busy machine takes the signal a moment later.
        with daemon.wire() as wire:
            reply = None
            while reply is None or (reply.status == 200 and time.monotonic() - began < 5):
                wire.send(request("GET", "/health/ready"))
                reply = wire.reply()
            self.assertEqual((reply.status, reply.json["not_ready"]), (503, ["the daemon is stopping"]))
            self.assertEqual(reply.headers["connection"], "close")
        self.assertTrue(idle.is_closed())
        self.assertEqual(daemon.process.wait(10), 0)
        self.assertLess(time.monotonic() - began, 4)
        told.setblocking(False)
        rest = []
        while True:
            try:
                rest.append(told.recv(100))
            except BlockingIOError:
                break
        self.assertIn(b"STOPPING=1", rest)

    def test_a_connection_that_hangs_does_not_hold_the_stop(self):
        daemon = self.daemon(http='drain = "1s"\n')
        wire = daemon.wire()
        wire.send("POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{")
        time.sleep(0.1)
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.process.wait(10), 0)
        self.assertLess(time.monotonic() - began, 4)

    @unittest.skipUnless(machine.IS_ROOT, "only root can become another user")
    def test_it_needs_no_privilege_and_says_which_file_it_may_not_read(self):
        daemon = Daemon(http='bearer_file = "bearer"\n', user=machine.BROKER_USER)
        daemon.gate.cli("user", "add", "alice", "--password-stdin", stdin="alices password\n")
        bearer = daemon.folder / "bearer"
        bearer.write_text("a-bearer-of-the-tests\n")
        bearer.chmod(0o600)
        daemon.start(code=3)
        self.assertIn(str(bearer), daemon.log())
        self.assertNotIn("a-bearer-of-the-tests", daemon.log())
        for file in daemon.folder.iterdir():
            machine.give_to_broker(file)
        daemon.start()
        self.addCleanup(self._stop, daemon)
        with open(f"/proc/{daemon.process.pid}/status") as status:
            facts = dict(line.split(":", 1) for line in status)
        self.assertEqual(int(facts["CapEff"], 16), 0)
        self.assertNotEqual(facts["Uid"].split()[0], "0")
        answer = daemon.post_json("/v1/decide", {"username": "alice", "password": "alices password"}, ("authorization: Bearer a-bearer-of-the-tests",))
        self.assertEqual(answer.json["verdict"], "allow")

    def test_the_control_socket_answers_for_the_daemon(self):
        daemon = Daemon(http='control_socket = "daemon.sock"\n')
        daemon.start()
        self.addCleanup(self._stop, daemon)
        import json
        import socket

        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(daemon.folder / "daemon.sock"))
            s.sendall(b'{"verb":"status"}\n')
            reply = json.loads(s.makefile().readline())
        self.assertTrue(reply["ok"])
        self.assertIn("sallyportd", reply["result"]["host"]["daemon"])
