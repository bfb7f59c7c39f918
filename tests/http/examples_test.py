"""The files to paste name only what exists: metrics in alerts and dashboard, paths in brokers' files."""

import json
import re
import subprocess
import unittest

import yaml

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

    def test_the_alerts_load(self):
        # As Prometheus reads them: YAML, groups of rules, each with an expression of balanced brackets and quotes.
        [group] = yaml.safe_load((EXAMPLES / "alerts.yml").read_text())["groups"]
        self.assertEqual(set(group), {"name", "rules"})
        names = [rule["alert"] for rule in group["rules"]]
        self.assertEqual(len(names), len(set(names)))
        for rule in group["rules"]:
            with self.subTest(rule["alert"]):
                self.assertLessEqual(set(rule), {"alert", "expr", "for", "labels", "annotations"})
                self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                self.assertRegex(rule.get("for", "1m"), r"^\d+[smh]$")
                self.assertTrue(rule["annotations"]["summary"].endswith("."))
                plain = re.sub(r'"[^"]*"', "", rule["expr"])
                self.assertNotIn('"', plain)
                for one, other in ("()", "{}", "[]"):
                    self.assertEqual(plain.count(one), plain.count(other), rule["expr"])

    def test_the_dashboard_loads(self):
        dashboard = json.loads((EXAMPLES / "grafana.json").read_text())
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        taken = set()
        for panel in dashboard["panels"]:
            with self.subTest(panel["title"]):
                place = panel["gridPos"]
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
                self.assertLessEqual(place["x"] + place["w"], 24)
                self.assertFalse(cells & taken, "it lies over another")
                taken |= cells
                for target in panel.get("targets", []):
                    self.assertIn("sallyport_", target["expr"])

    def test_the_storm_is_the_one_that_is_worked_out(self):
        done = subprocess.run([machine.ROOT / "bench" / "storm", "--check"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

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
