"""`sallyport decide`: one attempt explained, and streams of them answered."""

import base64
import hashlib
import hmac
import json
import os
import select
import shutil
import subprocess
import unittest

from harness import gate, machine, tokens

NOW = 1_700_000_000
CANARY = "canary-7f3a"


def part(text) -> str:
    data = text if isinstance(text, bytes) else (text if isinstance(text, str) else json.dumps(text)).encode()
    return tokens.b64(data)


def signed(head, payload, key=tokens.KEY, digest=hashlib.sha256) -> str:
    """Parts that are encoded already."""
    text = f"{head}.{payload}"
    key = key.encode() if isinstance(key, str) else key
    return text + "." + tokens.b64(hmac.new(key, text.encode(), digest).digest())


def made(payload="{}", header='{"alg":"HS256","typ":"JWT"}', **more) -> str:
    return signed(part(header), part(payload), **more)


def batch(g, lines, code=0, raw=False):
    """Answers by id, from lines that are objects (or text, with `raw`)."""
    text = "\n".join(lines if raw else [json.dumps(line) for line in lines])
    done = g.run("decide", "--config", g.file, "--batch", "-", stdin=text + "\n")
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Folder(unittest.TestCase):
    settings = f"[jwt]\n{gate.SECRET}\n"

    def setUp(self):
        self.gate = gate.Gate(self.settings)
        self.addCleanup(shutil.rmtree, self.gate.folder, True)

    def decide(self, *words, token=None, code=0):
        words = ["decide", *words, *(["--password-stdin"] if token is not None else [])]
        return self.gate.cli(*words, stdin=token if token is not None else "", code=code)


class Topics(Folder):
    settings = f'[topics]\nno_match = "deny"\n[[topic_rules]]\npermission = "allow"\ntopics = "common/#"\n[jwt]\n{gate.SECRET}\n'

    def test_says_what_a_client_may_do_and_by_whose_word(self):
        token = tokens.hs({"sub": "d", "acl": [
            {"permission": "deny", "action": "all", "topic": "common/x"},
            {"permission": "allow", "action": "all", "topic": "up/%c"},
        ]})
        topics = ["--publish", "up/c1", "--publish", "common/x", "--publish", "common/y", "--subscribe", "else/#"]
        out = self.decide("--clientid", "c1", *topics, token=token, code=1)
        for line in ("publish up/c1: allow (by token)", "publish common/x: deny (by token)",
                     "publish common/y: allow (by topic_rules)", "subscribe else/#: deny (by no_match)"):  # fmt: skip
            self.assertIn(line, out)
        data = json.loads(self.decide("--clientid", "c1", "--publish", "up/c1", "--json", token=token))
        self.assertEqual(data["topics"], [{"action": "publish", "topic": "up/c1", "verdict": "allow", "by": "token"}])

    def test_asks_as_mqtt_5s_enhanced_authentication_does(self):
        token = tokens.hs({"sub": "d"})
        self.assertIn("principal: d", self.decide("--auth-method", "JWT", "--username", "x", token=token))
        self.assertIn("unsupported_method", self.decide("--auth-method", "SCRAM-SHA-1", token=token, code=1))


class OneAttempt(Folder):
    def test_lets_the_published_sample_in_where_its_key_is_configured(self):
        self.gate.write('[jwt]\nsecret = "secret"\n')
        out = self.decide("--username", "anyone", token=tokens.SAMPLE)
        self.assertIn("verdict: allow", out)
        self.assertIn("token_ok", out)
        self.assertIn(tokens.SAMPLE_SUBJECT, out)
        out = self.decide("--username", "anyone", token=tokens.changed(tokens.SAMPLE), code=1)
        self.assertIn("bad_signature", out)
        self.assertIn("what to do: ", out)

    def test_keeps_published_secrets_to_loopback(self):
        self.gate.write('[jwt]\nsecret = "secret"\n')
        out = self.decide("--peer", "192.0.2.7", token=tokens.SAMPLE, code=1)
        self.assertIn("published_secret", out)
        self.assertIn("allow_published_secrets = true", out)
        self.gate.write('[jwt]\nsecret = "secret"\nallow_published_secrets = true\n')
        self.decide("--peer", "192.0.2.7", token=tokens.SAMPLE)

    def test_takes_the_token_with_the_newline_that_a_shell_adds(self):
        self.decide(token=tokens.good() + "\n")

    def test_says_that_a_clock_is_wrong_and_by_how_much(self):
        token = made({"sub": "a", "exp": NOW - 91})
        out = self.decide("--now", str(NOW), token=token, code=1)
        self.assertIn("expired", out)
        self.assertIn("a clock 92 s earlier: this is a clock, not a token", out)
        self.decide("--now", str(NOW - 92), token=token)
        self.decide("--now", str(NOW - 91), token=token, code=1)

    def test_shows_claim_values_only_where_asked(self):
        self.gate.write(f'[jwt]\n{gate.SECRET}\nclaims = {{ username = "%u" }}\naudience = "gate"\n')
        token = made({"sub": CANARY, "username": CANARY, "aud": "gate", "exp": NOW * 2})
        out = self.decide("--username", "alice", token=token, code=1)
        self.assertIn("claim_mismatch", out)
        self.assertIn('claim "username"', out)
        self.assertIn('the rule for claim "username" off', out)
        self.assertNotIn(CANARY, out)
        out = self.decide("--username", "alice", "--show-values", token=token, code=1)
        self.assertIn(f'expected "alice" (%u), found "{CANARY}"', out)
        self.decide("--username", CANARY, token=token)

    def test_never_prints_token_password_or_secret(self):
        self.gate.add_user("ann", "canary-password-1")
        for token in (tokens.good(), tokens.changed(tokens.good()), tokens.expired(), "canary-password-2"):
            for user in ("ann", "nobody"):
                for words in ([], ["--json"], ["--show-values"]):
                    done = self.gate.run(
                        "decide", "--config", self.gate.file, "--username", user, "--password-stdin", *words, stdin=token
                    )
                    out = done.stdout + done.stderr
                    self.assertNotIn(token[-40:], out)
                    self.assertNotIn(tokens.KEY, out)
                    self.assertNotIn("canary-password", out)

    def test_finds_the_audience_that_would_do(self):
        self.gate.write(f'[jwt]\n{gate.SECRET}\naudience = "gate"\nissuer = "https://a"\n')
        token = made({"aud": ["other"], "iss": "https://a"})
        out = self.decide("--show-values", token=token, code=1)
        self.assertIn('[jwt] audience = "other"', out)
        both = self.decide("--show-values", token=made({"aud": "other", "iss": "https://b"}), code=1)
        self.assertIn("it would pass with both: ", both)
        self.decide(token=made({"aud": ["x", "gate"], "iss": "https://a"}))

    def test_explains_users_too(self):
        self.gate.add_user("ann", "a long password of hers")
        self.assertIn("password_ok", self.decide("--username", "ann", token="a long password of hers"))
        out = self.decide("--username", "ann", token=tokens.good(), code=1)
        self.assertIn("wrong_password", out)
        self.assertIn("no user name beside the token", out)
        self.gate.cli("user", "disable", "ann")
        out = self.decide("--username", "ann", token="a long password of hers", code=1)
        self.assertIn("user_disabled", out)
        self.assertIn("the user enabled", out)

    def test_says_no_credentials_where_nothing_is_shown(self):
        self.assertIn("no_credentials", self.decide("--clientid", "dev-1", code=1))
        self.gate.write(f'[chain]\nno_match = "allow"\n[jwt]\n{gate.SECRET}\n')
        self.assertIn("anonymous_allowed", self.decide("--clientid", "dev-1"))
        self.assertIn("unknown_credential", self.decide("--username", "stranger", code=1))

    def test_writes_one_object_for_machines(self):
        got = json.loads(self.decide("--json", "--username", "u", token=tokens.expired(), code=1))
        self.assertEqual((got["verdict"], got["reason"], got["authenticator"]), ("deny", "expired", "jwt"))
        self.assertEqual(len(got["would_pass_with"]), 1)
        self.assertTrue(any(step.startswith("jwt: key ") for step in got["steps"]))
        got = json.loads(self.decide("--json", token=made({"sub": "x", "exp": 15822553606420000})))
        self.assertEqual((got["verdict"], got["principal"], got["expires_at"]), ("allow", "x", 15822553606420000))
        self.assertTrue(got["principal_verified"])

    def test_escapes_what_a_token_chooses(self):
        out = self.decide("--show-values", token=made({"sub": "a\x1b[2Jb\n"}))
        self.assertIn("\\x1b[2J", out)
        self.assertNotIn("\x1b", out)

    def test_ends_with_3_where_the_settings_do_not_load(self):
        self.gate.write("[jwt]\nsecrte = 1\n")
        done = self.gate.run("decide", "--config", self.gate.file, "--password-stdin", stdin="x")
        self.assertEqual(done.returncode, 3)
        self.assertIn("sallyport.toml", done.stderr)

    def test_ends_with_2_on_wrong_usage(self):
        for words in ([], ["--config"], ["--config", self.gate.file, "--batch", "-", "--username", "u"], ["--config", self.gate.file, "--nwo", "1"]):
            self.assertEqual(self.gate.run("decide", *words, stdin="").returncode, 2, words)


# name: (attack, reason, twin that is let in)
def attacks():
    good = made({"sub": "a", "exp": NOW + 60})
    head, payload, signature = made({"sub": "a"}).split(".")
    jwk = {"alg": "HS256", "typ": "JWT", "jwk": {"kty": "oct", "k": part("attacker")}}
    deep = '{"a":' * 60 + "1" + "}" * 60
    yield "changed_signature", tokens.changed(good), "bad_signature", good
    yield "another_secret", made({"sub": "a"}, key="x" * 40), "bad_signature", made({"sub": "a"})
    yield "empty_secret", made({"sub": "a"}, key=b""), "bad_signature", made({"sub": "a"})
    for none in ("none", "None", "NONE", "nOnE", "none "):
        yield f"alg_{none}", f"{part({'alg': none})}.{payload}.", "unsupported_algorithm", f"{head}.{payload}.{signature}"
        yield f"alg_{none}_signed", made("{}", {"alg": none}), "unsupported_algorithm", made("{}", {"alg": "HS256"})
    yield "alg_lower_case", made("{}", {"alg": "hs256"}), "unsupported_algorithm", made("{}", {"alg": "HS256"})
    yield "alg_no_text", made("{}", {"alg": 1}), "unsupported_algorithm", made("{}", {"alg": "HS256"})
    yield "alg_of_another_hash", made("{}", {"alg": "HS512"}), "bad_signature", made("{}", {"alg": "HS512"}, digest=hashlib.sha512)
    yield "alg_without_a_key", made("{}", {"alg": "RS256"}), "no_key_for_algorithm", made("{}", {"alg": "HS256"})
    yield "signature_cut", f"{head}.{payload}.{signature[:-3]}", "bad_signature", f"{head}.{payload}.{signature}"
    yield "signature_gone", f"{head}.{payload}.", "bad_signature", f"{head}.{payload}.{signature}"
    yield "crit", made("{}", {"alg": "HS256", "crit": ["x"], "x": 1}), "critical_header", made("{}", {"alg": "HS256", "x": 1})
    yield "crit_empty", made("{}", {"alg": "HS256", "crit": []}), "critical_header", made("{}", {"alg": "HS256", "Crit": []})
    yield "b64_off", made("{}", {"alg": "HS256", "b64": False}), "critical_header", made("{}", {"alg": "HS256", "B64": False})
    yield "key_in_header", made("{}", jwk, key="attacker"), "bad_signature", made("{}", jwk)
    yield "kid_is_a_path", made("{}", {"alg": "HS256", "kid": "../../dev/null"}, key=b""), "bad_signature", made("{}", {"alg": "HS256", "kid": "../../dev/null"})
    yield "two_parts", f"{head}.{payload}", "not_a_token", f"{head}.{payload}.{signature}"
    yield "four_parts", f"{head}.{payload}.{signature}.", "not_a_token", f"{head}.{payload}.{signature}"
    yield "five_parts", f"{part({'alg': 'dir', 'enc': 'A128GCM'})}..a.b.c", "encrypted_token", f"{head}.{payload}.{signature}"
    yield "no_alg", made("{}", {"typ": "JWT"}), "not_a_token", made("{}", {"typ": "JWT", "alg": "HS256"})
    yield "header_no_object", made("{}", "[]"), "not_a_token", made("{}")
    yield "nul_after", good + "\0", "malformed_token", good
    yield "nul_then_more", good + "\0garbage", "malformed_token", good
    yield "newline_after", good + "\n", "malformed_token", good
    yield "payload_padded", signed(head, part("{}") + "="), "malformed_token", signed(head, part("{}"))
    yield "payload_stray_bits", signed(head, part("{}")[:-1] + "R"), "malformed_token", signed(head, part("{}"))
    yield "payload_other_alphabet", signed(head, part('{"a":"~~~"}').replace("-", "+").replace("_", "/")), "malformed_token", made('{"a":"~~~"}')
    yield "payload_no_object", made("[]"), "malformed_token", made("{}")
    yield "payload_text_after", made("{} {}"), "malformed_token", made("{}  ")
    yield "payload_bad_utf8", made(b'{"sub":"\xff"}'), "malformed_token", made(b'{"sub":"\xc3\xbf"}')
    yield "payload_overlong_utf8", made(b'{"sub":"\xc0\xaf"}'), "malformed_token", made(b'{"sub":"/"}')
    yield "payload_lone_surrogate", made(r'{"sub":"\ud800"}'), "malformed_token", made(r'{"sub":"\ud83d\ude00"}')
    yield "payload_too_deep", made(deep), "malformed_token", made('{"a":{"a":{"a":1}}}')
    yield "claim_twice", made('{"sub":"a","sub":"b"}'), "malformed_token", made('{"sub":"a","Sub":"b"}')
    yield "claim_twice_by_escape", made('{"exp":1,"\\u0065xp":9999999999}'), "malformed_token", made('{"exp":9999999999}')
    yield "kid_no_text", made("{}", {"alg": "HS256", "kid": 7}), "malformed_token", made("{}", {"alg": "HS256", "kid": "7"})
    yield "typ_of_another_kind", made("{}", {"alg": "HS256", "typ": "secevent+jwt"}), "wrong_type", made("{}", {"alg": "HS256", "typ": "application/JWT"})
    yield "expired_now", made({"exp": NOW}), "expired", made({"exp": NOW + 1})
    yield "expired_long_ago", made({"exp": -5}), "expired", made({"nbf": -5})
    yield "expired_by_a_fraction", made(f'{{"exp":{NOW}.0}}'), "expired", made(f'{{"exp":{NOW}.5}}')
    yield "not_yet_valid", made({"nbf": NOW + 1}), "not_yet_valid", made({"nbf": NOW})
    for bad in ("null", "true", '"soon"', '""', "{}", "[]", "9223372036854775808", '"1e9"', '"-5"', '" 9999999999"', "1e400"):
        yield f"exp_{bad}", made(f'{{"exp":{bad}}}'), "malformed_claim", made('{"exp":"9999999999"}')
        yield f"nbf_{bad}", made(f'{{"nbf":{bad}}}'), "malformed_claim", made('{"nbf":1}')
    yield "exp_beyond_doubles", made({"exp": 2**63}), "malformed_claim", made({"exp": 2**63 - 1})


class Attacks(Folder):
    def test_every_attack_is_refused_by_its_reason_and_its_twin_is_let_in(self):
        table = list(attacks())
        lines = []
        for name, attack, _, twin in table:
            lines.append({"id": name, "password": attack, "clientid": "c", "now": NOW})
            lines.append({"id": name + " twin", "password": twin, "clientid": "c", "now": NOW})
        answers = {answer["id"]: answer for answer in batch(self.gate, lines)}
        for name, _, reason, _ in table:
            with self.subTest(attack=name):
                self.assertEqual((answers[name]["verdict"], answers[name]["reason"]), ("deny", reason))
                self.assertEqual(answers[name + " twin"]["verdict"], "allow", answers[name + " twin"])

    def test_a_public_key_is_never_an_hmac_key(self):
        pem = self.gate.folder / "rs256.pem"
        private = self.gate.folder / "private.pem"
        run = lambda *words, stdin=None: subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=True).stdout  # noqa: E731
        run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(private))
        run("pkey", "-in", str(private), "-pubout", "-out", str(pem))
        self.gate.write(f'[jwt]\npublic_key_file = "{pem}"\n')
        text = part({"alg": "RS256"}) + "." + part({"sub": "a"})
        good = text + "." + tokens.b64(run("dgst", "-sha256", "-sign", str(private), stdin=text.encode()))
        lines = [{"id": i, "password": made({"sub": "a"}, {"alg": "HS256"}, key=key)} for i, key in enumerate(
            (pem.read_bytes(), pem.read_bytes().strip(), base64.b64decode(b"".join(pem.read_bytes().splitlines()[1:-1])))
        )]
        answers = batch(self.gate, [*lines, {"id": "twin", "password": good}])
        self.assertEqual([a["reason"] for a in answers], ["no_key_for_algorithm"] * 3 + ["token_ok"])

    def test_a_user_name_is_no_template(self):
        self.gate.write(f'[jwt]\n{gate.SECRET}\nclaims = {{ device = "%c", owner = "%u" }}\n')
        token = made({"device": "d1", "owner": "ann"})
        cases = {
            "right": ({"clientid": "d1", "username": "ann"}, "token_ok"),
            "placeholder for a name": ({"clientid": "d1", "username": "%c"}, "claim_mismatch"),
            "no user name": ({"clientid": "d1"}, "claim_mismatch"),
            "another client": ({"clientid": "d2", "username": "ann"}, "claim_mismatch"),
        }
        lines = [{"id": name, "password": token, **fields} for name, (fields, _) in cases.items()]
        for answer in batch(self.gate, lines):
            self.assertEqual(answer["reason"], cases[answer["id"]][1], answer)

    def test_a_known_user_is_not_saved_by_a_token(self):
        self.gate.add_user("ann", "a long password of hers")
        token = made({"sub": "a"})
        answers = batch(self.gate, [{"id": 1, "username": "ann", "password": token}, {"id": 2, "username": "bob", "password": token}, {"id": 3, "username": "ann", "password": "a long password of hers"}])
        self.assertEqual([(a["reason"], a["authenticator"]) for a in answers], [("wrong_password", "password"), ("token_ok", "jwt"), ("password_ok", "password")])


class Batch(Folder):
    def test_answers_each_line_in_order_with_its_id_as_it_came(self):
        ids = [1, "two", None, 3.5, [1, {"a": "b"}], {"x": []}, True, 'q"\\\u0007é']
        answers = batch(self.gate, [{"id": i, "password": made({"sub": "s", "exp": NOW + 9}), "now": NOW} for i in ids])
        self.assertEqual([a["id"] for a in answers], ids)
        self.assertEqual(answers[0], {"id": 1, "verdict": "allow", "reason": "token_ok", "authenticator": "jwt", "principal": "s", "expires_at": NOW + 9})

    def test_tells_absent_from_present(self):
        lines = [
            {"id": 0},
            {"id": 1, "username": None, "password": None, "clientid": None, "peer": None, "now": None},
            {"id": 2, "password": "x"},
            {"id": 3, "username": "nobody"},
        ]
        answers = batch(self.gate, lines)
        self.assertEqual([a["reason"] for a in answers], ["no_credentials", "no_credentials", "not_a_token", "unknown_credential"])
        self.assertEqual([a["authenticator"] for a in answers], ["none", "none", "jwt", "none"])
        self.assertEqual({a["principal"] for a in answers} | {a["expires_at"] for a in answers}, {None})

    def test_takes_the_peer_from_the_line(self):
        self.gate.write('[jwt]\nsecret = "secret"\n')
        peers = {None: "token_ok", "127.0.0.1": "token_ok", "::1": "token_ok", "192.0.2.1": "published_secret", "": "published_secret", "127.0.0.1.evil": "published_secret"}
        answers = batch(self.gate, [{"id": p, "peer": p, "password": tokens.SAMPLE} for p in peers])
        self.assertEqual({a["id"]: a["reason"] for a in answers}, peers)

    def test_takes_passwords_of_any_bytes_that_json_can_say(self):
        self.gate.add_user("ann", "nul")
        answers = batch(self.gate, [{"id": 1, "username": "ann", "password": "nul"}, {"id": 2, "username": "ann", "password": "nul\0"}, {"id": 3, "username": "ann", "password": "\0nul"}])
        self.assertEqual([a["reason"] for a in answers], ["password_ok", "wrong_password", "wrong_password"])

    def test_says_what_is_wrong_with_a_line_and_answers_the_others(self):
        good = json.dumps({"id": "good", "password": made("{}")})
        bad = [
            ("no json", None),
            ("", None),
            ("[1]", None),
            ('{"id":"a","username":7}', "a"),
            ('{"id":"b","password":["x"]}', "b"),
            ('{"id":"c","now":"soon"}', "c"),
            ('{"id":"d","now":true}', "d"),
            ('{"id":"e","peer":1}', "e"),
            ('{"id":"f","username":"a","username":"b"}', None),
            ('{"id":"g"} trailing', None),
            ('{"id":"h","password":"\\ud800"}', None),
            (json.dumps({"id": "i", "password": "x" * (1024 * 1024)}), None),
        ]
        lines = [line for text, _ in bad for line in (text, good)]
        answers = batch(self.gate, lines, code=2, raw=True)
        self.assertEqual(len(answers), len(lines))
        for (text, known), answer in zip(bad, answers[0::2]):
            self.assertIn("error", answer, text[:60])
            self.assertEqual(answer.get("id"), known, text[:60])
        for answer in answers[1::2]:
            self.assertEqual((answer["id"], answer["verdict"]), ("good", "allow"))

    def test_takes_a_line_of_exactly_one_mebibyte_and_drops_longer_ones_whole(self):
        frame = len(json.dumps({"id": 1, "pad": ""}))
        line = lambda n: json.dumps({"id": 1, "pad": "x" * (n - frame)})  # noqa: E731
        answers = batch(self.gate, [line(2**20), line(2**20 + 1), line(5 * 2**20), '{"id":2}'], code=2, raw=True)
        self.assertEqual(["error" in a for a in answers], [False, True, True, False])
        self.assertEqual(answers[-1]["id"], 2)

    def test_warns_of_a_name_that_is_not_read(self):
        done = self.gate.run("decide", "--config", self.gate.file, "--batch", "-", stdin='{"id":1,"client_id":"x"}\n')
        self.assertEqual(done.returncode, 0)
        self.assertIn('"client_id"', done.stderr)

    def test_answers_at_once_and_before_the_input_ends(self):
        process = subprocess.Popen(
            [str(machine.SALLYPORT), "decide", "--config", str(self.gate.file), "--batch", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.addCleanup(process.stdout.close)
        for i in range(3):
            process.stdin.write(json.dumps({"id": i, "password": made("{}")}).encode() + b"\n")
            process.stdin.flush()
            self.assertTrue(select.select([process.stdout], [], [], 20)[0], "no answer while the input is open")
            self.assertEqual(json.loads(process.stdout.readline())["id"], i)
        process.stdin.write(b'{"id":"last, without a newline"}')
        process.stdin.close()
        self.assertEqual(json.loads(process.stdout.readline())["id"], "last, without a newline")
        self.assertEqual(process.wait(20), 0)

    def test_holds_its_memory_however_much_comes(self):
        line = json.dumps({"id": 1, "password": made({"sub": "s"})}).encode() + b"\n"
        process = subprocess.Popen(
            [str(machine.SALLYPORT), "decide", "--config", str(self.gate.file), "--batch", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

        def peak():
            with open(f"/proc/{process.pid}/status") as status:
                return next(int(row.split()[1]) for row in status if row.startswith("VmHWM"))

        process.stdin.write(line * 2000)
        process.stdin.flush()
        before = peak()
        for _ in range(40):
            process.stdin.write(line * 2000)
        process.stdin.flush()
        after = peak()
        process.stdin.close()
        self.assertEqual(process.wait(60), 0)
        self.assertLess(after - before, 4096, "KiB more")

    def test_reads_a_file_as_well(self):
        file = self.gate.folder / "attempts.jsonl"
        file.write_text(json.dumps({"id": 1, "password": made("{}")}) + "\n")
        self.assertIn('"verdict":"allow"', self.gate.cli("decide", "--batch", file))
        self.gate.cli("decide", "--batch", os.devnull + "-not-there", code=2)


if __name__ == "__main__":
    unittest.main()
