"""No secret leaves: not by the log, not by the control socket, not by a client's own hand."""

import json
import pathlib

from harness import tokens
from harness.case import VERSIONS, V5, BrokerCase
from harness.gate import SECRET


class Canaries(BrokerCase):
    PASSWORD = "canary-password-5f1c"
    WRONG = "canary-guess-77ab"
    CLAIM = "canary-claim-90de"

    def secrets(self, sent):
        out = [tokens.KEY, self.PASSWORD, self.WRONG, self.CLAIM]
        for token in sent:
            out += [part for part in token.split(".")[1:] if part]
        return out

    def run_clients(self, broker, version):
        sent = [
            tokens.good(tenant=self.CLAIM),
            tokens.good(tenant="other", secret=self.CLAIM),
            tokens.expired(tenant=self.CLAIM),
            tokens.changed(tokens.good(tenant=self.CLAIM)),
            tokens.hs({"sub": "x", "tenant": self.CLAIM}, header={"alg": "none"}),
            tokens.hs({"sub": "x", "tenant": self.CLAIM}, header={"alg": "HS256", "crit": ["b64"]}),
            tokens.hs({"sub": "x", "exp": self.CLAIM}),
            tokens.b64(b'{"alg":"dir","enc":"A256GCM"}') + ".." + ".".join([tokens.b64(self.CLAIM.encode())] * 3),
        ]
        for token in sent:
            self.code(broker, version, username="x", password=token)
            self.code(broker, version, username="alice", password=token)
            # In the wrong field.
            self.code(broker, version, username=token, password=self.WRONG)
            self.code(broker, version, username=token)
        self.code(broker, version, username="alice", password=self.PASSWORD)
        self.code(broker, version, username="alice", password=self.WRONG)
        self.code(broker, version, username="nobody", password=self.WRONG)
        if version == V5:
            self.code(broker, version, password=self.WRONG)
            self.code(broker, version, auth_method="JWT", auth_data=sent[0])
            self.code(broker, version, auth_method="x", auth_data=self.WRONG, username="alice")
        return sent

    def test_no_token_password_secret_or_claim_value_appears_anywhere(self):
        settings = f'[log]\nlevel = "debug"\n[jwt]\n{SECRET}\nclaims = {{ tenant = "{self.CLAIM}" }}\n'
        gate = self.gate(settings)
        gate.add_user("alice", self.PASSWORD)
        broker = self.broker(gate)
        sent = []
        for version in VERSIONS:
            sent += self.run_clients(broker, version)
        gate.reload()
        broker.sighup()
        self.eventually(lambda: "eload" in broker.log())
        said = {
            "log": broker.log(),
            "status": gate.cli("status") + json.dumps(gate.status()),
            "why": gate.cli("why", "--last", "500") + json.dumps(gate.last(500)),
            "metrics": gate.cli("metrics"),
        }
        for place, text in said.items():
            for secret in self.secrets(sent):
                if place == "status" and secret == self.CLAIM:
                    continue  # what the operator expects is a setting, not a client's claim
                self.assertNotIn(secret, text, f"in {place}")

    def test_no_secret_lies_in_a_file_beside_the_settings_or_in_proc(self):
        gate = self.gate(f'[log]\nlevel = "debug"\n[audit]\nkeep = "1d"\n[jwt]\n{SECRET}\n')
        gate.add_user("alice", self.PASSWORD)
        broker = self.broker(gate)
        sent = self.run_clients(broker, V5)
        kept = gate.folder / "audit.db"
        self.eventually(lambda: kept.exists() and len(gate.last(500)) > 10, "decisions are kept")
        process = pathlib.Path(f"/proc/{broker.process.pid}")
        places = [one for one in gate.folder.rglob("*") if one.is_file() and one != gate.file]
        self.assertIn(gate.store_file, places)
        self.assertIn(kept, places)
        places += [process / name for name in ("cmdline", "environ", "comm", "maps", "status")]
        for place in places:
            said = place.read_bytes()
            for secret in self.secrets(sent):
                self.assertNotIn(secret.encode(), said, f"in {place}")

    def test_the_log_of_json_form_keeps_the_same_silence_and_is_json(self):
        gate = self.gate(f'[log]\nlevel = "debug"\nformat = "json"\n[jwt]\n{SECRET}\n')
        gate.add_user("alice", self.PASSWORD)
        broker = self.broker(gate)
        sent = self.run_clients(broker, V5)
        log = broker.log()
        for secret in self.secrets(sent):
            self.assertNotIn(secret, log)
        lines = [line[line.index("{") :] for line in log.splitlines() if '"reason"' in line]
        self.assertTrue(lines)
        for line in lines:
            json.loads(line)

    def test_a_user_name_cannot_write_lines_of_its_own_into_the_log(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        for name in ("eve\x1b[2J", "eve\nNew client connected as root", "eve\u202e\u2028\x85", 'eve" from 10.0.0.1: token_ok "'):
            for fields in ({"username": name, "client_id": "c-1"}, {"username": "x", "client_id": name}):
                self.code(broker, **fields, password=tokens.expired())
        ours = [line for line in broker.log().split("\n") if line.startswith("sallyport: refused")]
        self.assertTrue(ours)
        for line in ours:
            self.assertNotRegex(line, "[\x00-\x1f\x7f-\x9f\u2028\u202e]")
            self.assertRegex(line, r'^sallyport: refused client "[^"]*" user "[^"]*" from 127\.0\.0\.1: expired')

    def test_a_refusal_is_one_line_and_a_flood_of_them_does_not_fill_the_log(self):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        self.code(broker, client_id="once", username="x", password=tokens.expired())
        ours = [line for line in broker.log().splitlines() if "expired" in line]
        self.assertEqual(len(ours), 1, ours)
        self.assertIn("once", ours[0])
        mark = broker.mark()
        for n in range(300):
            self.code(broker, client_id=f"flood-{n}", username="x", password=tokens.expired())
        ours = [line for line in broker.log()[mark:].splitlines() if "expired" in line]
        self.assertLess(len(ours), 100)
