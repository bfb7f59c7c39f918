"""Bytes that no caller should send, and callers who send none."""

import socket
import time

from harness import machine, tokens
from harness.daemon import Daemon, DaemonCase, request

GOOD = request("GET", "/health/alive")


class Badness(DaemonCase):
    @classmethod
    def setUpClass(cls):
        machine.many_files()
        cls.one = Daemon().start()

    @classmethod
    def tearDownClass(cls):
        cls.one.stop()

    def tearDown(self):
        # Whatever was sent, the next one is answered.
        self.assertEqual(self.one.ask("GET", "/health/alive").text, "alive\n")

    def is_refused(self, data, status):
        """Answered with this status, closed, and nothing behind it is looked at."""
        with self.one.wire() as wire:
            wire.send(data)
            wire.send(GOOD)
            reply = wire.reply()
            self.assertIsNotNone(reply, data[:200])
            self.assertEqual((reply.status, reply.headers["connection"]), (status, "close"), data[:200])
            self.assertTrue(wire.is_closed(), data[:200])

    def test_pairs_of_lengths_are_refused_and_closed(self):
        for headers in (
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5,5",
            "Content-Length: +5",
            "Content-Length : 5",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding:\x0bchunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
            "X: y\r\n Transfer-Encoding: chunked",
            "X: y\nTransfer-Encoding: chunked",
            "Transfer-Encoding\x00: chunked",
        ):
            with self.subTest(headers):
                self.is_refused(f"POST /v1/decide HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n0\r\n\r\n", 400)

    def test_bad_chunks_are_refused_and_closed(self):
        for body in ("g\r\n", "-1\r\n", "0x2\r\n{}\r\n0\r\n\r\n", "2\n{}\n0\n\n", "2\r\n{}x", "100000000\r\n", "2\r\n{}\r\n0\r\n x\r\n\r\n"):
            with self.subTest(body):
                self.is_refused(f"POST /v1/decide HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}", 400)
        self.is_refused("POST /v1/decide HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", 413)

    def test_a_chunked_body_is_read_byte_by_byte(self):
        with self.one.wire() as wire:
            wire.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in b"1\r\n{\r\n0002;x=y\r\n}\n\r\n0\r\nTrailer: x\r\n\r\n":
                wire.send(bytes([byte]))
            self.assertEqual(wire.reply().json["reason"], "no_credentials")
            wire.send(GOOD)
            self.assertEqual(wire.reply().text, "alive\n")

    def test_a_large_chunked_body_is_read_too(self):
        token = tokens.good("a", padding="x" * 30_000)
        body = ('{"password":"' + token + '"}').encode()
        wire_body = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 7]), body[i : i + 7]) for i in range(0, len(body), 7)) + b"0\r\n\r\n"
        with self.one.wire() as wire:
            wire.send(b"POST /v1/decide HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + wire_body + GOOD)
            self.assertEqual(wire.reply().json["verdict"], "allow")
            self.assertEqual(wire.reply().text, "alive\n")

    def test_header_bombs_meet_their_caps(self):
        self.is_refused("GET / HTTP/1.1\r\nHost: x\r\nX: " + "a" * 20_000, 431)
        self.is_refused("GET / HTTP/1.1\r\nHost: x\r\n" + "a: b\r\n" * 100 + "\r\n", 431)
        self.is_refused("GET /" + "a" * 20_000, 414)

    def test_request_lines_that_are_none_are_refused(self):
        for line in ("GET / HTTP/1.1\n\n", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\n", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(line):
                self.is_refused(line, 400)
        self.is_refused("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505)

    def test_a_gigabyte_is_refused_before_it_is_read(self):
        before = self.one.memory_kib()
        self.is_refused("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" + "x" * 100_000, 413)
        with self.one.wire() as wire:  # one who goes on sending is let go
            wire.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
            with self.assertRaises(OSError):
                for _ in range(1000):
                    wire.send(b"x" * 1_000_000)
        self.assertLess(self.one.memory_kib() - before, 8_000)

    def test_pipelined_requests_are_answered_in_their_order(self):
        with self.one.wire() as wire:
            asks = [request("POST", "/v1/decide", '{"id":%d}' % i) for i in range(500)]
            wire.send(b"".join(asks))
            self.assertEqual([wire.reply().json["id"] for _ in asks], list(range(500)))

    def test_who_sends_and_does_not_read_stops_himself(self):
        before = self.one.memory_kib()
        with self.one.wire(timeout=3) as wire:
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            block = GOOD * 1000
            with self.assertRaises(OSError):
                for _ in range(10_000):
                    wire.send(block)
        self.assertLess(self.one.memory_kib() - before, 8_000)

    def test_a_hundred_continue_is_said_where_it_is_waited_for(self):
        with self.one.wire() as wire:
            wire.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(wire.reply().status, 100)
            wire.send("{}")
            self.assertEqual(wire.reply().status, 200)
        self.is_refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n", 417)

    def test_who_may_not_ask_is_told_before_his_body_is_read(self):
        daemon = Daemon(http='bearer_file = "b"\n')
        (daemon.folder / "b").write_text("a-bearer-token-of-the-tests\n")
        daemon.start()
        self.addCleanup(self._stop, daemon)
        with daemon.wire() as wire:
            wire.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            self.assertEqual(wire.reply().status, 401)
            self.assertTrue(wire.is_closed())

    def test_heads_have_no_body_and_old_callers_are_known(self):
        with self.one.wire() as wire:
            wire.send("HEAD /health/alive HTTP/1.1\r\nHost: x\r\n\r\n")
            while b"\r\n\r\n" not in wire.rest:
                wire._more()
            head, rest = wire.rest.split(b"\r\n\r\n", 1)
            self.assertIn(b"content-length: 6", head)
            self.assertEqual(rest, b"")
        with self.one.wire() as wire:
            wire.send("GET /health/alive HTTP/1.0\r\n\r\n")
            self.assertEqual(wire.reply().headers["connection"], "close")
            self.assertTrue(wire.is_closed())

    def test_slow_heads_and_bodies_end_in_time(self):
        began = time.monotonic()
        with self.one.wire(timeout=40) as head, self.one.wire(timeout=40) as body:
            head.send("GET /health/alive HTT")
            body.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n")
            ended = {}
            for i in range(60):
                for name, wire in (("head", head), ("body", body)):
                    if name in ended:
                        continue
                    try:
                        wire.send("x")
                    except OSError:
                        ended[name] = time.monotonic() - began
                if len(ended) == 2:
                    break
                time.sleep(0.5)
        self.assertEqual(set(ended), {"head", "body"}, ended)
        self.assertLess(max(ended.values()), 25)

    def test_half_open_connections_are_closed(self):
        with self.one.wire() as wire:
            wire.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{")
            wire.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(wire.is_closed())
        with self.one.wire() as wire:  # one who asks and says that he is done is answered
            wire.send(GOOD)
            wire.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(wire.reply().text, "alive\n")


class Many(DaemonCase):
    def test_ten_thousand_idle_connections_cost_little_and_disturb_nobody(self):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted = 10_000 if hard == resource.RLIM_INFINITY or hard >= 12_000 else 2_000
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted + 1000, 4000), hard))
        daemon = self.daemon()
        before = daemon.memory_kib()
        idle = []
        try:
            for _ in range(wanted):
                s = socket.create_connection(("127.0.0.1", daemon.port))
                idle.append(s)
            self.eventually(lambda: daemon.metric("sallyport_http_connections") >= wanted, seconds=20)
            took = []
            for _ in range(50):
                began = time.monotonic()
                self.assertEqual(daemon.ask("GET", "/health/alive").text, "alive\n")
                took.append(time.monotonic() - began)
            self.assertLess(sorted(took)[40], 0.25)
            self.assertLess((daemon.memory_kib() - before) / wanted, 12, "KiB a connection")
        finally:
            for s in idle:
                s.close()
        self.eventually(lambda: daemon.metric("sallyport_http_connections") <= 5, seconds=20)

    def test_one_more_than_the_most_closes_who_was_idle_longest(self):
        daemon = self.daemon(http="max_connections = 16\nworkers = 1\n")
        wires = []
        for _ in range(16):
            wire = daemon.wire()
            self.addCleanup(wire.close)
            wire.send(GOOD)
            self.assertEqual(wire.reply().text, "alive\n")
            wires.append(wire)
            time.sleep(0.003)
        with daemon.wire() as one_more:
            one_more.send(GOOD)
            self.assertEqual(one_more.reply().text, "alive\n")
        self.assertTrue(wires[0].is_closed())
        # Those who never asked anything go first.
        strangers = [daemon.wire() for _ in range(30)]
        for wire in strangers:
            self.addCleanup(wire.close)
        wires[1].send(GOOD)
        self.assertEqual(wires[1].reply().text, "alive\n")
        wires[15].send(GOOD)
        self.assertEqual(wires[15].reply().text, "alive\n")
