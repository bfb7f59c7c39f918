"""`sallyport user`: one user, files of users, and what is said when a row is bad."""

import csv
import ctypes
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from harness import gate, machine

CANARY = "canary-5c1e"


def bcrypt(password, salt):
    """As the system's crypt(3) makes it."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(password.encode(), salt.encode()).decode()


class Folder(unittest.TestCase):
    def setUp(self):
        self.gate = gate.Gate()
        self.addCleanup(shutil.rmtree, self.gate.folder, True)

    def user(self, *words, **named):
        return self.gate.cli("user", *words, **named)

    def file(self, text, name="users.csv"):
        path = self.gate.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def names(self):
        return [user["username"] for user in self.gate.cli_json("user", "list")["users"]]

    def lets_in(self, name, password):
        line = json.dumps({"id": "1", "username": name, "clientid": "c", "password": password})
        done = self.gate.run("decide", "--config", self.gate.file, "--batch", "-", stdin=line + "\n")
        return json.loads(done.stdout)["verdict"] == "allow"


class OneUser(Folder):
    def test_a_store_that_is_not_there_reads_as_empty_and_add_makes_it(self):
        self.assertEqual(self.names(), [])
        self.user("show", "anna", code=1)
        self.assertFalse(self.gate.store_file.exists())
        self.gate.add_user("anna", "a good long password")
        self.assertEqual(self.names(), ["anna"])
        self.assertTrue(self.lets_in("anna", "a good long password"))
        self.assertFalse(self.lets_in("anna", "a good long passwore"))

    def test_a_generated_password_is_shown_once_and_lets_in(self):
        made = self.gate.cli_json("user", "add", "anna", "--generate")
        self.assertGreaterEqual(len(made["password"]), 16)
        self.assertTrue(self.lets_in("anna", made["password"]))
        self.assertNotIn(made["password"], self.user("show", "anna") + self.user("export"))

    def test_a_user_who_is_there_is_not_added_again(self):
        self.gate.add_user("anna", "a good long password")
        out = self.user("add", "anna", "--password-stdin", stdin="other\n", code=1)
        self.assertIn("there is a user anna already\n  hint: ", out)
        self.assertTrue(self.lets_in("anna", "a good long password"))

    def test_an_empty_password_is_refused_and_a_weak_one_warns(self):
        out = self.user("add", "anna", "--password-stdin", stdin="\n", code=2)
        self.assertIn("the password is empty", out)
        done = self.gate.run("user", "add", "anna", "--password-stdin", "--config", self.gate.file, stdin="59301748\n")
        self.assertEqual(done.returncode, 0)
        self.assertIn("warning: the password is weak: 8 characters, all digits", done.stderr)

    def test_no_argument_takes_a_password(self):
        out = self.user("add", "anna", "--password", CANARY, code=2)
        self.assertNotIn("anna", self.names())
        self.assertIn("--password", out)

    def test_is_disabled_enabled_given_another_password_and_deleted(self):
        self.gate.add_user("anna", "a good long password")
        self.user("disable", "anna")
        self.assertFalse(self.lets_in("anna", "a good long password"))
        self.user("enable", "anna")
        self.assertTrue(self.lets_in("anna", "a good long password"))
        self.gate.set_password("anna", "another long password")
        self.assertFalse(self.lets_in("anna", "a good long password"))
        self.assertTrue(self.lets_in("anna", "another long password"))
        self.user("delete", "anna")
        self.assertEqual(self.names(), [])
        for words in (["delete"], ["enable"], ["disable"], ["show"], ["set-password", "--generate"]):
            self.assertIn("there is no user anna", self.user(*words, "anna", code=1))

    def test_names_cannot_move_the_cursor(self):
        self.gate.add_user("evil\x1b[2J", "a good long password")
        for out in (self.user("list"), self.user("show", "evil\x1b[2J"), self.user("disable", "evil\x1b[2J")):
            self.assertNotIn("\x1b", out)
            self.assertIn("evil\\x1b[2J", out)

    def test_list_goes_on_after_a_name(self):
        self.user("import", self.file("username,password_hash\n" + "".join(f"u{i},$6$c2FsdA$" + "A" * 86 + "\n" for i in range(5))))
        first = self.gate.cli_json("user", "list", "--limit", "2")
        self.assertEqual([u["username"] for u in first["users"]], ["u0", "u1"])
        self.assertEqual((first["total"], first["next"]), (5, "u1"))
        rest = self.gate.cli_json("user", "list", "--after", "u1")
        self.assertEqual(([u["username"] for u in rest["users"]], rest["next"]), (["u2", "u3", "u4"], None))

    def test_what_cannot_be_opened_is_the_environments_fault(self):
        self.gate.store_file.write_bytes(b"x" * 5000)
        self.assertIn("is damaged or no store", self.user("list", code=3))

    def test_every_command_has_an_example(self):
        for command in ("add", "list", "show", "set-password", "enable", "disable", "delete", "import", "export", "template"):
            out = self.gate.run("user", command, "--help").stdout
            self.assertIn(f"Example:\n  sallyport user {command}", out)


class Import(Folder):
    def test_plain_passwords_are_hashed(self):
        self.user("import", self.file("username,password,is_superuser,enabled\nanna,secret one,true,\nbert,\"se,cond\",,no\n"))
        users = {u["username"]: u for u in self.gate.cli_json("user", "list")["users"]}
        self.assertTrue(users["anna"]["is_superuser"])
        self.assertFalse(users["bert"]["enabled"])
        self.assertTrue(self.lets_in("anna", "secret one"))
        self.user("enable", "bert")
        self.assertTrue(self.lets_in("bert", "se,cond"))
        self.assertNotIn(b"secret one", self.gate.store_file.read_bytes())

    def test_a_file_with_a_bad_row_changes_nothing_unless_bad_rows_are_skipped(self):
        path = self.file(f"username,password,enabled\ngood,{CANARY},\n,{CANARY},\nbad,{CANARY},perhaps\n")
        out = self.user("import", path, code=1)
        self.assertIn("row 3, column username: the user name is empty", out)
        self.assertIn("row 4, column enabled: this is neither true nor false\n  hint: ", out)
        self.assertIn("2 of 3 rows bad; nothing was written", out)
        self.assertNotIn(CANARY, out)
        self.assertEqual(self.names(), [])
        self.assertIn("imported 1 user, skipped 2 bad rows", self.user("import", path, "--skip-bad"))
        self.assertEqual(self.names(), ["good"])

    def test_a_dry_run_writes_nothing_and_makes_no_store(self):
        path = self.file("username,password\na,first\n")
        self.assertIn("would import 1 user", self.user("import", path, "--dry-run"))
        self.assertFalse(self.gate.store_file.exists())

    def test_a_duplicate_is_an_error_unless_it_replaces(self):
        self.gate.add_user("anna", "a good long password")
        path = self.file("username,password\nanna,replaced by this\nbert,first\nbert,second\n")
        out = self.user("import", path, code=1)
        self.assertIn("row 2, column username: there is a user anna already", out)
        self.assertIn("row 4, column username: user bert stands there twice", out)
        self.user("import", path, "--replace")
        self.assertTrue(self.lets_in("anna", "replaced by this"))
        self.assertTrue(self.lets_in("bert", "second"))

    def test_reads_emqxs_hashes_with_the_salt_where_it_was(self):
        sha = lambda text: hashlib.sha256(text.encode()).hexdigest()
        path = self.file("user_id,password_hash,salt,is_superuser\nanna," + sha("pwsalt") + ",salt,false\n")
        out = self.user("import", path, "--format", "emqx", code=1)
        self.assertIn("this hash does not say what it is", out)
        self.assertIn("1 of them with a weak hash", self.user("import", path, "--hash", "sha256", "--salt-position", "suffix"))
        self.assertTrue(self.lets_in("anna", "pw"))
        self.assertFalse(self.lets_in("anna", "pW"))

    def test_each_kind_of_emqxs_exports_comes_in_and_lets_in_as_before(self):
        """Its CSV, its JSON and its built-in database's header; every hash and every place of the salt."""
        rows = {}  # kind -> (words, password_hash, salt)
        for name in ("md5", "sha1", "sha256", "sha512"):
            told = "sha" if name == "sha1" else name
            for place, text in (("prefix", "s4ltpw"), ("suffix", "pws4lt"), ("none", "pw")):
                digest = hashlib.new(name, text.encode()).hexdigest()
                rows[f"{told}-{place}"] = (["--hash", told, "--salt-position", place], digest, "" if place == "none" else "s4lt")
        for name in ("sha1", "sha256", "sha512"):
            derived = hashlib.pbkdf2_hmac(name, b"pw", b"s4lt", 4096).hex()
            rows[f"pbkdf2-{name}"] = (["--hash", f"pbkdf2-{name}", "--iterations", "4096"], derived, "s4lt")
        rows["plain"] = (["--hash", "plain"], "pw", "")
        rows["bcrypt"] = ([], bcrypt("pw", "$2b$04$abcdefghijklmnopqrstuu"), "")
        for kind, (words, digest, salt) in rows.items():
            table = f"user_id,password_hash,salt,is_superuser\n{kind}-csv,{digest},{salt},true\n"
            listed = json.dumps([{"user_id": f"{kind}-json", "password_hash": digest, "salt": salt, "is_superuser": False}])
            for text, name in ((table, "emqx.csv"), (listed, "emqx.json")):
                with self.subTest(kind, file=name):
                    self.user("import", self.file(text, name), "--format", "emqx", *words)
                    user = f"{kind}-{name.removeprefix('emqx.')}"
                    self.assertTrue(self.lets_in(user, "pw"))
                    self.assertFalse(self.lets_in(user, "pW"))
        kept = {one["username"]: one["is_superuser"] for one in self.gate.cli_json("user", "list")["users"]}
        self.assertEqual({name: is_super for name, is_super in kept.items()}, {f"{k}-{f}": f == "csv" for k in rows for f in ("csv", "json")})

    def test_ten_megabyte_lines_nul_bom_and_broken_text_each_have_their_answer(self):
        start = b"\xef\xbb\xbfusername,password_hash\r\n"
        good = b"u1,$6$c2FsdA==$" + b"A" * 86 + b"==\r\n"
        ten = 10 * 1024 * 1024
        self.user("import", self.file(start + good))
        self.assertEqual(self.names(), ["u1"])
        for text, said in (
            (good.replace(b"u1", b"u" * ten), "row 3, column 1: the row is longer than 10485760 bytes"),
            (b"u2," + b"A" * ten + b"\r\n", "row 3, column 2: the row is longer than 10485760 bytes"),
            (good.replace(b"u1", b"u" * (ten - 200)), "row 3, column username"),
            (b"u2," + b"A" * (ten - 200) + b"\r\n", "row 3, column password_hash"),
            (b"u\x002,$6$c2FsdA==$" + b"A" * 86 + b"==\r\n", "row 3, column 1: there is a NUL"),
            (b"u\xff2,$6$c2FsdA==$" + b"A" * 86 + b"==\r\n", "row 3, column username"),
            (b"u2,$6$c2Fsd\x00A==$" + b"A" * 86 + b"==\r\n", "row 3, column 2: there is a NUL"),
        ):
            with self.subTest(said, bytes=text[:12]):
                path = self.file(start + good.replace(b"u1", b"u0") + text + good.replace(b"u1", b"u3"))
                out = self.user("import", path, code=1)
                self.assertIn(said, out)
                self.assertEqual(out.count("  hint: "), 2, "the row's cure, and the file's")
                self.assertLess(len(out), 2000, "a fault quotes no megabytes")
                self.assertEqual(self.names(), ["u1"])
                self.assertIn("skipped 1 bad row", self.user("import", path, "--skip-bad"))
                self.assertEqual(self.names(), ["u0", "u1", "u3"])
                self.user("delete", "u0")
                self.user("delete", "u3")
        # A quote that does not end takes the rest of the file with it, and no memory.
        out = self.user("import", self.file(start + good.replace(b"u1", b"u0") + b'u2,"' + b"A" * (3 * ten) + b"\r\n" + good), "--skip-bad")
        self.assertIn("skipped 1 bad row", out)
        self.assertEqual(self.names(), ["u0", "u1"])

    def test_an_import_of_plain_passwords_shows_the_time_still_to_go_on_a_terminal(self):
        import pty

        rows = "".join(f"u{i},password {i}\n" for i in range(1500))
        path = self.file("username,password\n" + rows)
        terminal, other = pty.openpty()
        running = subprocess.Popen(
            [str(machine.SALLYPORT), "user", "import", str(path), "--config", str(self.gate.file)],
            stdout=subprocess.DEVNULL, stderr=other,
        )  # fmt: skip
        os.close(other)
        said = b""
        while True:
            try:
                more = os.read(terminal, 4096)
            except OSError:
                break
            if not more:
                break
            said += more
        os.close(terminal)
        self.assertEqual(running.wait(60), 0)
        self.assertRegex(said.decode(), r"users hashed and staged: \d+ of 1500, \d+ s to go")
        self.assertEqual(self.gate.cli_json("user", "list", "--limit", "1")["total"], 1500)

    def test_a_weak_imported_hash_is_counted_until_it_is_replaced(self):
        digest = hashlib.sha256(b"pws4lt").hexdigest()
        words = ["--format", "emqx", "--hash", "sha256", "--salt-position", "suffix"]
        self.user("import", self.file(f"user_id,password_hash,salt\nanna,{digest},s4lt\nbert,{digest},s4lt\n"), *words)
        self.assertIn("2 of 2 users have a weak imported password hash", self.gate.cli("config", "check"))
        self.gate.set_password("anna", "a good long password")
        self.assertIn("1 of 2 users have a weak imported password hash", self.gate.cli("config", "check"))
        self.gate.set_password("bert", "a good long password")
        self.assertNotIn("weak imported", self.gate.cli("config", "check"))

    def test_reads_what_mosquitto_passwd_writes(self):
        if not shutil.which("mosquitto_passwd"):
            self.skipTest("no mosquitto_passwd")
        path = self.gate.folder / "passwords"
        for name, kind in (("anna", "sha512-pbkdf2"), ("bert", "sha512")):
            create = [] if path.exists() else ["-c"]
            subprocess.run(["mosquitto_passwd", "-H", kind, *create, "-b", str(path), name, f"pw of {name}"], check=True)
        self.user("import", path)
        self.assertTrue(self.lets_in("anna", "pw of anna"))
        self.assertTrue(self.lets_in("bert", "pw of bert"))

    def test_takes_what_it_exports(self):
        self.gate.add_user('com,ma "quote"', "a good long password", "--superuser")
        self.gate.add_user("bert", "another long password", "--disabled")
        out = self.user("export")
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([row["username"] for row in rows], ["bert", 'com,ma "quote"'])
        self.assertTrue(all(row["password_hash"].startswith("$argon2id$") for row in rows))
        other = gate.Gate()
        self.addCleanup(shutil.rmtree, other.folder, True)
        other.cli("user", "import", self.file(out, "exported.csv"))
        self.assertEqual(other.cli("user", "export"), out)
        self.assertEqual(other.cli_json("user", "export"), self.gate.cli_json("user", "export"))

    def test_reads_standard_input_with_bom_and_crlf(self):
        self.user("import", "-", stdin="\ufeffusername,password\r\nanna,first one\r\n")
        self.assertTrue(self.lets_in("anna", "first one"))

    def test_takes_its_own_template(self):
        self.user("import", self.file(self.gate.run("user", "template").stdout))
        self.assertIn("pump-7", self.names())

    def test_a_killed_import_leaves_nothing_behind(self):
        rows = "".join(f"u{i},password {i}\n" for i in range(3000))
        path = self.file("username,password\n" + rows)
        self.gate.add_user("anna", "a good long password")
        running = subprocess.Popen(
            [str(machine.SALLYPORT), "user", "import", str(path), "--config", str(self.gate.file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.5)  # somewhere in the hashing; whatever it has reached, the outcome is the same
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        self.assertEqual(self.names(), ["anna"])
        self.gate.add_user("bert", "a good long password")

    def test_a_missing_file_and_a_strange_header_are_named(self):
        out = self.user("import", self.gate.folder / "none.csv", code=3)
        self.assertRegex(out, r"cannot read .*/none\.csv: No such file or directory\n  hint: is the path right\?")
        out = self.user("import", self.gate.folder, code=3)
        self.assertRegex(out, r"cannot read all of .*\n  hint: nothing was written")
        out = self.user("import", self.file("username,password,enabld\n"), code=1)
        self.assertIn("users.csv, row 1, column 3: the header names a column that is not known", out)


if __name__ == "__main__":
    unittest.main()
