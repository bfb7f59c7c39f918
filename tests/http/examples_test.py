"""The files to paste name only what exists: metrics in alerts and dashboard, paths in brokers' files."""

import json
import re
import unittest

from harness import machine, tokens
from harness.daemon import DaemonCase

EXAMPLES = machine.ROOT / "examples"


class Examples(DaemonCase):
    def test_alerts_dashboard_and_page_name_metrics_that_exist(self):
        daemon = self.daemon()
        for password in (tokens.good("a"), "x"):
            daemon.post_json("/v1/decide", {"password": password})
        there = set(re.findall(r"^# TYPE (\S+)", daemon.ask("GET", "/metrics").text, re.MULTILINE))
        self.assertGreater(len(there), 20)
        for file in (EXAMPLES / "alerts.yml", EXAMPLES / "grafana.json"):
            named = set(re.findall(r"sallyport_[a-z_]+", file.read_text()))
            named = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in there else name for name in named}
            self.assertEqual(named - there, set(), file.name)
        page = (machine.ROOT / "docs" / "metrics.md").read_text()
        self.assertEqual({name for name in there if name not in page and not name.startswith(("sallyport_fast", "sallyport_key"))}, set())
        json.loads((EXAMPLES / "grafana.json").read_text())

    def test_brokers_files_ask_at_paths_that_answer(self):
        daemon = self.daemon()
        paths = set()
        for file in EXAMPLES.glob("*.conf"):
            paths |= set(re.findall(r"(?:8080|sallyport)(?:/k/SECRET)?(/(?:rabbitmq|emqx4?|vernemq|nanomq|proxy)(?:/[a-z]+)?)\b", file.read_text()))
        self.assertGreater(len(paths), 10, paths)
        for path in paths:
            reply = daemon.ask("POST", path, "{}", ("vernemq-hook: auth_on_register",))
            self.assertNotEqual(reply.status, 404, path)


if __name__ == "__main__":
    unittest.main()
