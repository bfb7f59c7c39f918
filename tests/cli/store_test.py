"""sallyport store: everything to another store and back, and what is refused."""

import json
import os
import sqlite3
import stat
import unittest

from harness import machine, postgres
from harness.gate import Gate


class StoreCommands(unittest.TestCase):
    def full_gate(self):
        gate = Gate()
        for name in ("ann", "bob", 'quote " and ünï'):
            gate.cli("user", "add", name, "--generate")
        gate.cli("user", "disable", "bob")
        gate.cli("config", "import", self.toml(gate, '[chain]\nno_match = "deny"\n'))
        return gate

    def toml(self, gate, text):
        file = gate.folder / "revision.toml"
        file.write_text(text)
        return file

    def rows(self, gate):
        out = gate.folder / "rows.jsonl"
        out.unlink(missing_ok=True)
        gate.cli("store", "export", "--output", out)
        head, *rows, end = out.read_text().splitlines()
        self.assertEqual(json.loads(head), {"sallyport_store": 1})
        self.assertEqual(json.loads(end), {"rows": len(rows)})
        return sorted(rows)

    def test_an_export_is_the_owners_alone_and_goes_whole_into_a_new_store(self):
        one, two = self.full_gate(), Gate()
        file = one.folder / "store.jsonl"
        one.cli("store", "export", "--output", file)
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        self.assertIn("cannot make", one.cli("store", "export", "--output", file, code=1))  # nothing is written over
        said = two.cli_json("store", "import", file)
        self.assertEqual(said["tables"]["users"], 3)
        self.assertEqual(self.rows(two), self.rows(one))
        self.assertEqual(two.cli("user", "list"), one.cli("user", "list"))
        self.assertIn("not empty", two.cli("store", "import", file, code=1))

    def test_an_export_that_was_cut_off_or_changed_is_refused_whole(self):
        gate = self.full_gate()
        file = gate.folder / "store.jsonl"
        gate.cli("store", "export", "--output", file)
        lines = file.read_text().splitlines(keepends=True)
        spoiled = {
            "ends early": lines[:-1],
            "rows are missing": [*lines[:1], *lines[2:]],
            "no export of a store": lines[1:],
            "does not know": [lines[0], '["nonsense",1]\n', lines[-1]],
            "another length": [lines[0], '["users","a"]\n', lines[-1]],
            "not of its column's kind": [lines[0], '["users",1,"h",1,0,1]\n', lines[-1]],
            "no row": [lines[0], "{\n", lines[-1]],
            "behind the end": [*lines, "[]\n"],
        }
        for cause, text in spoiled.items():
            new = Gate()
            said = new.cli("store", "import", stdin="".join(text), code=1)
            self.assertIn(cause, said)
            self.assertEqual(new.cli_json("user", "list")["users"], [], cause)

    def test_check_says_what_is_wrong(self):
        gate = self.full_gate()
        self.assertIn("sound", gate.cli("store", "check"))
        self.assertTrue(gate.cli_json("store", "check")["ok"])
        with sqlite3.connect(gate.store_file) as db:
            db.execute("UPDATE users SET seq = 1000, hash = 'nonsense' WHERE username = 'ann'")
        said = gate.cli("store", "check", code=1)
        self.assertIn("sequence has not reached", said)
        self.assertIn("user ann is of no kind that is known", said)

    def test_migrate_says_which_schema_there_is(self):
        gate = self.full_gate()
        self.assertIn("the newest that this program knows", gate.cli("store", "migrate"))
        done = gate.run("store", "migrate")
        self.assertEqual(done.returncode, 2)
        with sqlite3.connect(gate.store_file) as db:
            db.execute("PRAGMA user_version = 99")
        self.assertIn("this program knows schemas up to", gate.cli("store", "migrate", code=1))

    @unittest.skipUnless(postgres.programs(), "PostgreSQL is not installed")
    def test_everything_moves_to_postgresql_and_back(self):
        database = postgres.Postgres().start()
        self.addCleanup(database.remove)
        one, two = self.full_gate(), Gate()
        shared = Gate(f'[store]\nurl = "{database.url}"\n', store=False, control=False)
        self.assertIn("the store was made", shared.cli("store", "migrate"))
        one.cli("store", "migrate", "--to", database.url)
        self.assertEqual(self.rows(shared), self.rows(one))
        self.assertEqual(shared.cli("user", "list"), one.cli("user", "list"))
        self.assertIn("sound", shared.cli("store", "check"))
        self.assertIn("not empty", one.cli("store", "migrate", "--to", database.url, code=1))
        shared.cli("store", "migrate", "--to", f"sqlite://{two.store_file}")
        self.assertEqual(self.rows(two), self.rows(one))
