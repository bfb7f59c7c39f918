"""Key servers that misbehave in every way that we know: one broker, one issuer for each way.

Each row: well at first, then bad, then well again with another key. Before, during and after are asked
of the broker; the doctor, `keys list`, health and the number of requests are asked too. Two more rows
are never well: a name that is gone, and an address that is never asked.
"""

import concurrent.futures
import dataclasses
import json
import time

from harness import key_server as ks
from harness import machine
from harness.case import BrokerCase, raw_mqtt
from harness.key_server import answer, http
from harness.keys import Pair, key_set

KNOWN, UNKNOWN = "known", "unknown"


@dataclasses.dataclass
class Row:
    name: str
    outcome: str  # of a refresh while it is bad
    step: str = ""  # where the doctor's cross stands; "" means that he finds nothing
    bad: object = None  # in HTTP
    raw: object = None  # at the socket
    certificate: str = ""
    closed: bool = False
    new_key: str = "unavailable"  # a token of a key that the server has not published to us yet, while it is bad
    doctor: str = "same"  # his reason where it is not the refresh's outcome
    health: str = "degraded"  # "": nothing is said of it
    refused: bool = False  # no connection of ours reaches it

    @property
    def outcomes(self):
        return self.outcome.split("|")

    @property
    def doctors(self):
        return self.outcomes if self.doctor == "same" else self.doctor.split("|")


def unusable(way, connection, path):
    connection.sendall(http(key_set(Pair("e1", "RS256").jwk(use="enc", alg="RSA-OAEP"), Pair("e2").jwk(key_ops=["encrypt"]))))


def private(way, connection, path):
    connection.sendall(http(key_set(Pair("p").jwk(private=True))))


def one_bad_of_five(way, connection, path):
    good = [pair.jwk() for pair in way.pairs]
    connection.sendall(http(key_set(*good, Pair("x").jwk(crv="P-999"), Pair("y"), Pair("z", "EdDSA"))))


CROWD = [Pair(f"c{n}", "EdDSA").jwk() for n in range(5000)]


def crowd(way, connection, path):
    connection.sendall(http(key_set(*CROWD, *way.pairs)))


def long_kid(way, connection, path):
    connection.sendall(http(key_set(*way.pairs, Pair("k" * 10_000), Pair("twice"), Pair("twice"), Pair(None))))


def cut(way, connection, path):
    connection.sendall(http(way.document[: len(way.document) // 2]))


def short_length(way, connection, path):
    connection.sendall(http(way.document, length=len(way.document) // 2))


def long_length(way, connection, path):
    connection.sendall(http(way.document, length=len(way.document) + 1000))


def elsewhere(way, connection, path):
    connection.sendall(http(b"", "301 Moved Permanently", "Location: https://localhost:1/jwks", content_type=None))


ROWS = [
    # -- at the socket
    Row("refused", "connection_refused", "tcp", closed=True, refused=True),
    # A reset may come before connect() is done, or in the middle of the handshake.
    Row("reset", "connection_lost|tls_failed|connection_refused", "tls|tcp", raw=ks.reset),
    Row("silent", "timed_out", "tls", raw=ks.silent),
    Row("hangs-up", "connection_lost|tls_failed", "tls", raw=ks.hang_up),
    Row("slow-headers", "timed_out", "http", bad=ks.slowly(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", 0.2)),
    Row("byte-a-second", "timed_out", "http", bad=ks.slowly(http(b'{"keys":[]}'), 0.2)),
    Row("chunked-drip", "timed_out", "http", bad=ks.chunked_drip),
    # -- TLS
    Row("tls-expired", "certificate_expired", "tls", certificate="expired"),
    Row("tls-not-yet-valid", "certificate_expired", "tls", certificate="future"),
    Row("tls-wrong-host", "certificate_wrong_host", "tls", certificate="wrong_host"),
    Row("tls-unknown-authority", "certificate_untrusted", "tls", certificate="unknown"),
    Row("tls-self-signed", "certificate_untrusted", "tls", certificate="self_signed"),
    Row("tls-1.0", "tls_failed", "tls", certificate="old"),
    # With TLS 1.3 the server says so after the handshake, if we hear it before it hangs up.
    Row("tls-wants-client-certificate", "tls_failed|connection_lost", "tls|http", certificate="client"),
    Row("no-tls", "tls_failed", "tls", raw=lambda way, c: (c.recv(100), c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))),
    # -- HTTP
    Row("301-elsewhere", "redirected_elsewhere", "http", bad=elsewhere),
    Row("301-to-http", "redirected_elsewhere", "http", bad=answer(b"", "301 Moved", "Location: http://localhost/jwks")),
    Row("302-loop", "too_many_redirects", "http", bad=ks.redirect_loop),
    Row("302-nowhere", "unexpected_status", "http", bad=answer(b"", "302 Found")),
    Row("401", "unauthorized", "http", bad=answer(b"{}", "401 Unauthorized")),
    Row("403", "forbidden", "http", bad=answer(b"{}", "403 Forbidden")),
    Row("404", "not_found", "http", bad=answer(b"no", "404 Not Found")),
    Row("429", "rate_limited", "http", bad=answer(b"", "429 Too Many Requests", "Retry-After: 2")),
    Row("500", "server_error", "http", bad=answer(b"oops", "500 Internal Server Error")),
    Row("503", "server_error", "http", bad=answer(b"", "503 Service Unavailable", "Retry-After: 1")),
    Row("204", "unexpected_status", "http", bad=answer(b"", "204 No Content")),
    Row("304-unasked", "not_modified", "http", bad=answer(b"", "304 Not Modified"), new_key="deny|unavailable", doctor="unexpected_status", health=""),
    Row("garbage", "unexpected_status|connection_lost", "http", bad=lambda way, c, p: c.sendall(b"\x00\x01\x02 nonsense\r\n\r\n")),
    Row("header-flood", "too_large", "http", bad=ks.header_flood),
    # -- the document
    Row("empty", "not_json", "json", bad=answer(b"")),
    Row("html", "not_json", "json", bad=answer(b"<html><body>Sign in</body></html>", content_type="text/html")),
    Row("wrong-shape", "not_a_key_set", "json", bad=answer(b'{"key":[]}')),
    Row("array", "not_a_key_set", "json", bad=answer(b"[]")),
    Row("no-keys", "no_usable_keys", "key", bad=answer(b'{"keys":[]}')),
    Row("cut-json", "not_json", "json", bad=cut),
    Row("bad-utf8", "not_json", "json", bad=answer(b'{"keys":["\xff\xfe"]}')),
    Row("duplicate-names", "not_json", "json", bad=answer(b'{"keys":[],"keys":[]}')),
    Row("deep", "not_json", "json", bad=answer(b"[" * 100_000)),
    Row("huge", "too_large", "http", bad=ks.huge),
    Row("gzip-bomb", "too_large", "http", bad=ks.gzip_bomb),
    Row("bad-gzip", "not_json", "http", bad=answer(b"not gzip", "200 OK", "Content-Encoding: gzip")),
    Row("length-too-long", "connection_lost", "http", bad=long_length),
    Row("length-too-short", "not_json", "json", bad=short_length),
    Row("keys-all-unusable", "no_usable_keys", "key", bad=unusable),
    Row("private-keys", "no_usable_keys", "key", bad=private),
    Row("shared-secret", "no_usable_keys", "key", bad=answer(b'{"keys":[{"kty":"oct","kid":"s","k":"' + b"c2VjcmV0" * 8 + b'"}]}')),
    # -- odd, and well: the new key is here
    Row("one-bad-of-five", "ok", "", bad=one_bad_of_five, new_key="allow", health=""),
    Row("same-origin-redirect", "ok", "", bad=ks.same_origin_redirect, new_key="allow", health=""),
    Row("gzip", "ok", "", bad=ks.gzipped, new_key="allow", health=""),
    Row("clock-far-off", "ok", "clock", bad=ks.clock_far_off, new_key="allow", doctor="clock", health=""),
    Row("5000-keys", "ok", "", bad=crowd, new_key="allow", health=""),
    Row("long-kid-and-twins", "ok", "", bad=long_kid, new_key="allow", health=""),
]

# -- never well: (name, address, outcome, the doctor's step)
NEVER = [
    ("dns-gone", "https://keys.nowhere.invalid/jwks", "name_not_found", "name"),
    ("metadata", "https://169.254.169.254/jwks", "address_refused", "address"),
]


class Table(BrokerCase):
    """One broker for all rows, since each of them is an issuer of its own."""

    def setUp(self):
        gate = self.gate("")
        self.certificates = certificates = ks.Certificates(gate.folder)
        contexts = {
            "old": certificates.context(certificates.good, old=True),
            "client": certificates.context(certificates.good, client=True),
        }
        self.ways = {}
        settings = "[jwt]\n"
        for row in ROWS:
            context = None
            if row.certificate:
                context = contexts.get(row.certificate) or certificates.context(getattr(certificates, row.certificate))
            way = ks.Way(certificates, row.name, row.bad, context, raw=row.raw)
            self.addCleanup(way.stop)
            way.old, way.new = Pair(f"{row.name}-1"), Pair(f"{row.name}-2", "EdDSA")
            way.pairs = [way.old]
            way.document = key_set(way.old)
            way.etag = '"1"' if row.name == "304-unasked" else None
            self.ways[row.name] = way
            settings += self.issuer(row.name, way.url)
        for name, address, _, _ in NEVER:
            settings += self.issuer(name, address)
        gate.write(settings)
        self.gate_ = gate
        self.broker_ = self.broker(gate)

    def issuer(self, name, url):
        return (
            f'[[jwt.issuers]]\nname = "{name}"\nissuer = "https://{name}.example"\naudience = "mqtt"\njwks_url = "{url}"\n'
            f'jwks_ca_file = "{self.certificates.file}"\njwks_timeout = "3s"\njwks_cooldown = "1s"\n'
        )

    def sources(self):
        return {one["name"]: one for one in self.gate_.cli_json("keys", "list")["sources"]}

    def decide(self, row, pair, client_id):
        token = pair.token(iss=f"https://{row}.example", aud="mqtt")
        raw_mqtt.connack(self.broker_.port, client_id=client_id, username="x", password=token)
        got = self.gate_.cli_json("why", "--client-id", client_id)
        decisions = got["decisions"] if isinstance(got, dict) and "decisions" in got else got
        last = decisions[0] if isinstance(decisions, list) else decisions
        return last["verdict"], last["reason"]

    def verdicts(self, what):
        """name -> (verdict, reason) for `what(way)`, a pair."""
        self.round = getattr(self, "round", 0) + 1
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = {name: pool.submit(self.decide, name, what(way), f"{name}-{self.round}") for name, way in self.ways.items()}
            return {name: job.result() for name, job in jobs.items()}

    def doctor(self, address):
        """(exit code, [(step, reason)] of his crosses). Each has a cause and a cure, and ends what he can look at."""
        done = self.gate_.run("keys", "doctor", address, "--ca-file", self.certificates.file, "--timeout", "3", "--json")
        steps = json.loads(done.stdout)["sources"][0]["steps"]
        crosses = [step for step in steps if not step["good"]]
        for step in crosses:
            self.assertTrue(step["cause"] and step["cure"], step)
        if crosses:
            after = {step["step"] for step in steps[steps.index(crosses[0]) :]}
            self.assertLessEqual(after, {crosses[0]["step"], "clock"}, steps)
        self.assertEqual(done.returncode, 3 if crosses else 0)
        return [(step["step"], step.get("reason", step["step"])) for step in crosses]

    def said_of(self, name, sentences):
        """What health says of this issuer."""
        return [one for one in sentences if f"issuer {name} " in one]

    def test_each_way_has_its_answer_before_during_and_after(self):
        rows = {row.name: row for row in ROWS}
        first = self.eventually(lambda: (s := self.sources()) and all(s[n]["state"] == "ready" for n in self.ways) and s, "every source is ready at first")
        for name, verdict in self.verdicts(lambda way: way.old).items():
            with self.subTest(name, when="before"):
                self.assertEqual(verdict, ("allow", "token_ok"))
        self.never_well("before")

        # -- during
        attempts = {name: one["attempts"] for name, one in first.items()}
        requests = {name: way.connections for name, way in self.ways.items()}
        for name, way in self.ways.items():
            way.pairs = [way.old, way.new]
            way.document = key_set(*way.pairs)
            way.bad = True
            if rows[name].closed:
                way.close()
        time.sleep(1.1)  # the cool-down of what was fetched at the start
        started = time.monotonic()
        done = self.gate_.run("keys", "refresh", "--config", self.gate_.file)
        self.assertEqual(done.returncode, 3)
        self.assertLess(time.monotonic() - started, 12, "fetches run side by side")
        during = self.sources()
        old, new = self.verdicts(lambda way: way.old), self.verdicts(lambda way: way.new)
        # Counted before the attempts are: a fetch that begins in between is in these alone.
        connections = {name: way.connections - requests[name] for name, way in self.ways.items()}
        again = self.sources()
        status = self.gate_.cli_json("status")
        log = self.broker_.log()
        for name, row in rows.items():
            with self.subTest(name, when="during"):
                self.assertIn(during[name]["last"]["outcome"], row.outcomes, during[name]["last"])
                self.assertEqual(old[name], ("allow", "token_ok"), "keys that were good stay in force")
                self.assertIn(new[name][0], row.new_key.split("|"), new[name])
                said = self.said_of(name, status["health"]["degraded"])
                if row.health:
                    self.assertEqual(new[name][1], "keys_unavailable")
                    self.assertEqual(during[name]["state"], "stale")
                    self.assertEqual(len(said), 1)
                    self.assertIn("the last good keys are used: ", said[0])
                    self.assertTrue(any(f": {one}: " in said[0] for one in row.outcomes), said[0])
                    self.assertIn(f"jwks of issuer {name} ", log)
                else:
                    self.assertEqual((during[name]["state"], said), ("ready", []))
                self.assertEqual(self.said_of(name, status["health"]["not_ready"]), [])
                fetched = again[name]["attempts"] + again[name]["in_flight"] - attempts[name]
                elapsed = time.monotonic() - started
                self.assertLessEqual(fetched, elapsed / 1.0 + 2, "one fetch a cool-down")
                # A fetch makes one connection, with redirects at most four; the doctor has not been here yet.
                self.assertLessEqual(connections[name], 4 * fetched + 1)
                # And it was asked: what is said of it is not said of its silence.
                self.assertGreaterEqual(connections[name], 0 if row.refused else 1)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            jobs = {name: pool.submit(self.doctor, way.url) for name, way in self.ways.items()}
            findings = {name: job.result() for name, job in jobs.items()}
        for name, crosses in findings.items():
            row = rows[name]
            with self.subTest(name, when="doctor"):
                self.assertEqual(bool(crosses), bool(row.step), crosses)
                for step, reason in crosses:
                    self.assertIn(step, row.step.split("|"), crosses)
                    self.assertIn(reason, row.doctors, crosses)
        self.never_well("during")

        # -- after
        for name, way in self.ways.items():
            way.bad = False
            way.pairs = [way.new]
            way.document = key_set(way.new)
            way.etag = None
            if rows[name].closed:
                way.open()
        self.gate_.run("keys", "refresh", "--config", self.gate_.file)
        self.eventually(lambda: all(self.sources()[n]["state"] == "ready" for n in self.ways), "every source is ready again", 45)
        time.sleep(0.3)
        old, new = self.verdicts(lambda way: way.old), self.verdicts(lambda way: way.new)
        for name in rows:
            with self.subTest(name, when="after"):
                self.assertEqual(new[name], ("allow", "token_ok"))
                # Known not to exist within the cool-down of a good answer; after it, a refresh could still bring it.
                self.assertIn(old[name], (("deny", "unknown_key_id"), ("unavailable", "keys_unavailable")))
                self.assertEqual(self.said_of(name, self.gate_.cli_json("status")["health"]["degraded"]), [])
        self.never_well("after")
        page = self.gate_.cli("metrics")
        self.assertIn('sallyport_key_refreshes_total{source="404",outcome="not_found"}', page)
        self.assertIn('sallyport_key_source_state{source="404",state="ready"} 1', page)
        self.assertIn('sallyport_keys_age_seconds{source="404"}', page)

    def never_well(self, when):
        """No keys ever came: neither in nor out, before, during and after; health and the doctor say which way it fails."""
        health = self.gate_.cli_json("status")["health"]
        for name, address, outcome, step in NEVER:
            with self.subTest(name, when=when):
                source = self.sources()[name]
                self.assertEqual((source["state"], source["last"]["outcome"]), ("unavailable", outcome))
                self.assertEqual(self.decide(name, Pair("any"), f"{name}-{when}"), ("unavailable", "keys_unavailable"))
                said = self.said_of(name, health["not_ready"] + health["degraded"])
                self.assertEqual(len(said), 1, health)
                self.assertIn(outcome, said[0])
                if when == "during":
                    self.assertEqual(self.doctor(address), [(step, outcome)])
