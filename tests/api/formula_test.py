"""No cell of any export is a formula, wherever its text came from: strangers choose names that spreadsheets run."""

import csv
import io
import time

from harness import contract, tokens
from harness.console_broker import BesideABroker

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "＝1", " =1", '"=1']


def cells(text):
    return [cell for row in list(csv.reader(io.StringIO(text)))[1:] for cell in row]


class EveryExportTest(BesideABroker):
    store_settings = BesideABroker.store_settings + '[audit]\nkeep = "1d"\n'

    def code(self, client_id, username, token):
        return self.connect(client_id, token, username)[1]

    def text_of(self, path):
        reply = self.ada.get(path + ("&" if "?" in path else "?") + "format=csv")
        self.assertStatus(reply, 200)
        self.assertTrue(reply.headers["content-type"].startswith("text/csv"), path)
        self.assertIn("attachment", reply.headers["content-disposition"], path)
        return reply.text

    def test_no_list_hands_a_spreadsheet_a_formula(self):
        for name in FORMULAS:
            if "\t" not in name:  # the broker itself takes no control character
                self.assertEqual(self.code(name + "in", name, tokens.good(sub="in")), 0)
        self.assertTrue(self.ada.get("/sessions").json["items"])
        sessions = self.text_of("/sessions")
        self.assertStatus(self.ada.post("/users", {"username": "=slowed", "password": "right password"}), 201)
        slowed = lambda: self.code("guesser", "=slowed", "wrong password") and self.ada.get("/slowed").json["items"]
        self.eventually(slowed, "guessing is not slowed", 15)
        for name in FORMULAS:
            self.assertStatus(self.ada.post("/users", {"username": name}), 201)
            self.assertStatus(self.ada.post("/revocations", {"principal": name, "why": name}), 201)
            self.assertStatus(self.ada.post("/blocks", {"kind": "username", "value": name, "why": name}), 201)
            self.assertNotEqual(self.code(name, name, tokens.expired()), 0)
            self.assertIn(self.ada.post("/administrators", {"name": name, "role": "viewer"}, checked=False).status, (201, 422))
            made = self.ada.post("/api-tokens", {"name": name, "role": "viewer", "ends_at": int(time.time()) + 86_400}, checked=False)
            self.assertStatus(made, 201 if name.isprintable() and name == name.strip() else 422)
            etag = self.ada.get("/settings").headers["etag"]
            change = {"changes": {"jwt.leeway": f"{FORMULAS.index(name) + 1}s"}, "why": name}
            self.assertStatus(self.ada.post("/settings/revisions", change, headers=[f"if-match: {etag}"]), 201)
        self.eventually(lambda: len(self.ada.get("/decisions?verdict=deny").json["items"]) >= len(FORMULAS), "the refusals were not kept", 15)
        failed = self.ada.post("/user-imports", raw=b"username,password\n" + "".join(f'"{n.replace(chr(34), chr(34) * 2)}",x\n' for n in FORMULAS).encode(), headers=["content-type: text/csv"])
        self.assertStatus(failed, 202)
        path = f"/user-imports/{failed.json['id']}"
        self.eventually(lambda: self.ada.get(path).json["state"] != "running")

        paths = ["/users", "/revocations", "/blocks", "/decisions", "/refused", "/refused/blocked", "/sessions", "/slowed", "/settings/revisions", "/administrators", "/api-tokens", "/activity", path]
        # Each list of the contract that has CSV is among them.
        lists = {o.path for o in contract.OPERATIONS if o.method == "GET" and "text/csv" in contract.resolve(o.entry["responses"]["200"]).get("content", {})}
        asked = {contract.operation_of("GET", one).path for one in paths}
        self.assertEqual(lists - asked, {"/user-imports/template"})
        for one in paths:
            with self.subTest(one):
                # Whoever was in when he was blocked is out by now.
                found = cells(sessions if one == "/sessions" else self.text_of(one))
                self.assertTrue(found, one)
                for cell in found:
                    self.assertNotIn(cell[:1], ("=", "+", "-", "@", "\t", "\r", "＝"), one)
                    self.assertFalse(cell.lstrip(' "').startswith("="), f"{one}: {cell!r}")
        # And what is no formula stays as it is.
        self.assertStatus(self.ada.post("/users", {"username": "pump"}), 201)
        self.assertIn("pump", cells(self.text_of("/users")))
