"""The console over TLS: a cookie that no other host can plant and no plain connection carries."""

from harness import certs
from harness.console import PASSWORD, Console, ConsoleCase, Listening
from harness.daemon import client_tls


class TlsTest(ConsoleCase):
    def setUp(self):
        self.desk = Console(console='tls_cert = "server.crt"\ntls_key = "server.key"\n')
        authority = certs.Authority(self.desk.folder)
        certificate, key = authority.issue("127.0.0.1", server=True)
        for name, made in (("server.crt", certificate), ("server.key", key)):
            if made != self.desk.folder / name:
                (self.desk.folder / name).write_bytes(made.read_bytes())
        self.desk.start()
        self.addCleanup(self._stop, self.desk.daemon)
        self.tls = client_tls(authority.file)
        send = self.desk.send
        self.desk.send = lambda method, path, body=b"", headers=(): send(method, path, body, headers, tls=self.tls)

    def test_the_cookie_is_for_this_host_and_tls_alone(self):
        self.assertIn("the console is at https://", self.desk.daemon.log())
        self.assertTrue(self.desk.seat().get("/welcome").json["secure"])
        ada = self.desk.first("ada")
        reply = self.desk.seat().post("/session", {"name": "ada", "password": PASSWORD})
        name, *attributes = [part.strip() for part in reply.headers["set-cookie"].split(";")]
        self.assertTrue(name.startswith("__Host-sallyport_session="), name)
        # RFC 6265bis 4.1.3.2: with this prefix a browser takes it only so.
        self.assertEqual(set(attributes), {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"})
        self.assertIn("max-age=", reply.headers["strict-transport-security"])
        self.assertStatus(ada.get("/session"), 200)
        # Under the name that plain http has, which any host beside could have planted, it is nobody's.
        planted = self.desk.seat()
        planted.cookie = ada.cookie.removeprefix("__Host-")
        self.assertNotEqual(planted.cookie, ada.cookie)
        self.assertStatus(planted.get("/session"), 401, "not_signed_in")

    def test_news_come_over_tls_and_end_with_the_session(self):
        ada = self.desk.first("ada")
        stream = Listening(ada, tls=self.tls)
        self.addCleanup(stream.wire.close)
        self.assertEqual((stream.reply.status, stream.reply.headers["content-type"]), (200, "text/event-stream"))
        before = stream.next()
        self.assertStatus(ada.post("/users", {"username": "u", "password": "correct horse battery"}), 201)
        self.assertIsNotNone(stream.until(lambda one: one["law"] > before["law"]))
        self.assertStatus(ada.delete("/session"), 204)
        self.assertIsNone(stream.until(lambda one: False))

    def test_signing_out_takes_the_very_cookie_back(self):
        ada = self.desk.first("ada")
        gone = ada.delete("/session")
        self.assertStatus(gone, 204)
        self.assertIn("__Host-sallyport_session=;", gone.headers["set-cookie"])
        self.assertIn("Max-Age=0", gone.headers["set-cookie"])


class PlainTest(ConsoleCase):
    def test_without_tls_the_cookie_is_not_called_secure_so_that_a_browser_keeps_it(self):
        desk = self.console()
        desk.first("ada")
        cookie = desk.seat().post("/session", {"name": "ada", "password": PASSWORD}).headers["set-cookie"]
        self.assertTrue(cookie.startswith("sallyport_session="), cookie)
        self.assertNotIn("Secure", cookie)
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict", cookie)
