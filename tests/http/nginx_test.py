"""A real nginx with the pasted file asks a real daemon before it lets a request through."""

import http.server
import threading
import unittest

from harness import machine, nginx, tokens
from harness.daemon import Daemon, DaemonCase, Wire, request

PASTED = machine.ROOT / "examples" / "nginx.conf"


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = repr(self.headers.get_all("X-Sallyport-Principal")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@unittest.skipUnless(nginx.SERVER.exists(), "nginx is not installed")
class Nginx(DaemonCase):
    @classmethod
    def setUpClass(cls):
        cls.one = Daemon(listen='["unix:SOCKET"]')
        cls.socket = cls.one.folder / "http.sock"
        cls.one.gate.write(cls.one.gate.settings.replace("SOCKET", str(cls.socket)))
        cls.one.start()
        cls.service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        threading.Thread(target=cls.service.serve_forever, daemon=True).start()
        text = PASTED.read_text()
        text = text.replace("/run/sallyport/http.sock", str(cls.socket)).replace("127.0.0.1:9000", "127.0.0.1:%d" % cls.service.server_port)
        cls.proxy = nginx.Nginx(text.replace("listen 8000", "listen 127.0.0.1:PORT"))
        cls.proxy.start()

    @classmethod
    def tearDownClass(cls):
        cls.proxy.stop()
        cls.service.shutdown()
        cls.one.stop()

    def ask(self, *headers):
        with Wire(("127.0.0.1", self.proxy.port)) as wire:
            wire.send(request("GET", "/any", headers=headers))
            return wire.reply()

    def test_a_good_token_passes_and_the_service_is_told_who_it_is(self):
        reply = self.ask("authorization: Bearer " + tokens.good("alice"))
        self.assertEqual((reply.status, reply.text), (200, "['alice']"), self.proxy.log())

    def test_a_client_cannot_say_himself_who_he_is(self):
        reply = self.ask("authorization: Bearer " + tokens.good("alice"), "x-sallyport-principal: root")
        self.assertEqual(reply.text, "['alice']")

    def test_others_are_refused_with_a_challenge(self):
        reply = self.ask()
        self.assertEqual((reply.status, reply.headers["www-authenticate"]), (401, 'Bearer realm="sallyport"'))
        reply = self.ask("authorization: Bearer " + tokens.expired("alice"))
        self.assertEqual(reply.status, 401)
        self.assertIn('error="invalid_token"', reply.headers["www-authenticate"])

    def test_without_the_daemon_nobody_passes(self):
        self.assertEqual(self.one.stop(), 0)
        try:
            self.assertEqual(self.ask("authorization: Bearer " + tokens.good("alice")).status, 500)
        finally:
            self.one.start()
        self.eventually(lambda: self.ask("authorization: Bearer " + tokens.good("alice")).status == 200)
