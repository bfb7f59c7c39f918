"""The gate's settings, store and command line for one test."""

import json
import os
import subprocess

from . import machine, tokens

SECRET = f'secret = "{tokens.KEY}"'


class Gate:
    """A folder with sallyport.toml (store and socket, then `settings`) and the CLI that reads it."""

    def __init__(self, settings=f"[jwt]\n{SECRET}\n", store=True, control=True, folder=None):
        self.folder = folder or machine.temp_folder()
        self.file = self.folder / "sallyport.toml"
        self.store_file = self.folder / "store.db"
        self.store, self.control = store, control
        self.write(settings)

    def text(self, settings) -> str:
        head = ""
        if self.store:
            head += f'[store]\nurl = "sqlite://{self.store_file}"\n'
        if self.control:
            head += f'[control]\nsocket = "{self.folder}/control.sock"\n'
        return head + settings

    def write(self, settings) -> None:
        """As an editor that is careful does it: whole, under another name, then moved."""
        self.settings = settings
        self.write_raw(self.text(settings))

    def write_raw(self, text) -> None:
        new = self.folder / ".sallyport.toml.new"
        new.write_text(text)
        machine.give_to_broker(new, 0o640)
        os.replace(new, self.file)

    def seal(self):
        """A key for secrets in the store, which the broker's user can read too."""
        key = self.folder / "seal.key"
        self.run("config", "seal-key", key)
        machine.give_to_broker(key, 0o640)
        self.write_raw(self.file.read_text().replace("[store]\n", f'[store]\nkey_file = "{key}"\n', 1))
        return key

    # -- command line

    def run(self, *words, stdin=None, timeout=60):
        """The finished process; nothing is checked."""
        return subprocess.run(
            [str(machine.SALLYPORT), *map(str, words)], input=stdin, capture_output=True, text=True, timeout=timeout
        )

    def cli(self, *words, stdin=None, code=0, timeout=60) -> str:
        """Standard output of `sallyport WORDS --config FILE`, which must end with `code`."""
        done = self.run(*words, "--config", self.file, stdin=stdin, timeout=timeout)
        if done.returncode != code:
            raise AssertionError(
                f"sallyport {' '.join(map(str, words))} ended with {done.returncode}, not {code}\n"
                f"{done.stdout}{done.stderr}"
            )
        return done.stdout + (done.stderr if code else "")

    def cli_json(self, *words, stdin=None, code=0):
        text = self.cli(*words, "--json", stdin=stdin, code=code)
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return [json.loads(line) for line in text.splitlines()]

    def add_user(self, name, password, *words):
        self.cli("user", "add", name, "--password-stdin", *words, stdin=password + "\n")

    def set_password(self, name, password):
        self.cli("user", "set-password", name, "--password-stdin", stdin=password + "\n")

    def reload(self, code=0) -> str:
        return self.cli("reload", code=code)

    def status(self):
        return self.cli_json("status")

    def last(self, n=1):
        """The running gate's last decisions, newest last."""
        got = self.cli_json("why", "--last", n)
        for name in ("decisions", "last", "entries"):
            if isinstance(got, dict) and name in got:
                got = got[name]
        return got if isinstance(got, list) else [got]

    def last_reason(self) -> str:
        return self.last(1)[-1]["reason"]
