"""A client whose key is being fetched waits a moment for its answer, and no thread waits with it."""

import http.server
import json
import threading
import time

from harness import keys, tokens
from harness.daemon import DaemonCase, request


class SlowKeys:
    """A key set by HTTP on loopback that takes `delay` seconds; `pairs` may change."""

    def __init__(self, *pairs, delay=0.0):
        outer = self
        self.pairs, self.delay, self.asked = list(pairs), delay, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                time.sleep(outer.delay)
                body = keys.key_set(*[pair.jwk() for pair in outer.pairs])
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Hold(DaemonCase):
    def with_keys(self, *pairs, delay=0.0, more=""):
        source = SlowKeys(*pairs, delay=delay)
        self.addCleanup(source.close)
        daemon = self.daemon(settings=f'[jwt]\njwks_url = "{source.url}"\n{more}', http="workers = 1\n")
        return source, daemon

    def decide(self, daemon, token):
        began = time.monotonic()
        reply = daemon.post_json("/v1/decide", {"password": token}).json
        return reply, time.monotonic() - began

    def test_the_first_client_after_a_start_waits_for_the_keys_and_is_let_in(self):
        pair = keys.Pair("a")
        _, daemon = self.with_keys(pair, delay=1.0)
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.decide(daemon, pair.token()))) for _ in range(20)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        # The one worker answers others meanwhile.
        began = time.monotonic()
        self.assertEqual(daemon.ask("GET", "/health/alive").text, "alive\n")
        self.assertLess(time.monotonic() - began, 0.5)
        for thread in threads:
            thread.join()
        self.assertEqual([reply["verdict"] for reply, _ in results], ["allow"] * 20, results[:2])

    def test_after_two_seconds_the_answer_is_that_nobody_knows(self):
        pair = keys.Pair("a")
        _, daemon = self.with_keys(pair, delay=30.0)
        reply, took = self.decide(daemon, pair.token())
        self.assertEqual((reply["verdict"], reply["reason"]), ("unavailable", "keys_unavailable"))
        self.assertGreater(took, 1.8)
        self.assertLess(took, 4)
        # In contracts without such a word it is a no.
        form = dict(username="a", vhost="/", client_id="c", password=pair.token())
        self.assertEqual(daemon.post_form("/rabbitmq/user", **form).text, "deny")

    def test_the_first_client_after_a_rotation_is_let_in(self):
        old, new = keys.Pair("old"), keys.Pair("new")
        source, daemon = self.with_keys(old, delay=0.3, more='jwks_cooldown = "1s"\n')
        self.eventually(lambda: self.decide(daemon, old.token())[0]["verdict"] == "allow")
        source.pairs = [new]
        time.sleep(1.2)
        reply, _ = self.decide(daemon, new.token())
        self.assertEqual(reply["verdict"], "allow", daemon.log())

    def test_what_is_pipelined_behind_a_held_question_keeps_its_place(self):
        pair = keys.Pair("a")
        _, daemon = self.with_keys(pair, delay=1.0)
        with daemon.wire() as wire:
            wire.send(
                request("POST", "/v1/decide", '{"id":0}')
                + request("POST", "/v1/decide", json.dumps({"id": 1, "password": pair.token()}))
                + request("POST", "/v1/decide", '{"id":2}')
            )
            replies = [wire.reply().json for _ in range(3)]
        self.assertEqual([reply["id"] for reply in replies], [0, 1, 2])
        self.assertEqual(replies[1]["verdict"], "allow")

    def test_a_wrong_token_is_not_held(self):
        pair = keys.Pair("a")
        _, daemon = self.with_keys(pair, delay=5.0)
        reply, took = self.decide(daemon, "no token at all")
        self.assertEqual(reply["reason"], "not_a_token")
        self.assertLess(took, 1)

    def test_who_leaves_while_he_is_held_disturbs_nobody(self):
        pair = keys.Pair("a")
        _, daemon = self.with_keys(pair, delay=1.0)
        for _ in range(50):
            with daemon.wire() as wire:
                wire.send(request("POST", "/v1/decide", json.dumps({"password": pair.token()})))
        self.eventually(lambda: self.decide(daemon, pair.token())[0]["verdict"] == "allow")
        self.eventually(lambda: daemon.metric("sallyport_http_connections") == 1)
