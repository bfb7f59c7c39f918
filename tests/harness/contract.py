"""api/openapi.yaml as the tests read it: its operations, and whether an answer is what it promises."""

import json
import re
import urllib.parse

import jsonschema
import yaml

from . import machine

FILE = machine.ROOT / "api" / "openapi.yaml"
DOCUMENT = yaml.safe_load(FILE.read_text())
METHODS = ("get", "post", "put", "patch", "delete")


class Operation:
    def __init__(self, method, path, entry):
        self.method, self.path, self.entry = method.upper(), path, entry
        self.id, self.role = entry["operationId"], entry["x-role"]
        self.not_yet = entry.get("x-not-yet", False)
        self.pattern = re.compile("^" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)) + "$")

    def __repr__(self):
        return f"{self.method} {self.path}"


OPERATIONS = [
    Operation(method, path, entry)
    for path, entries in DOCUMENT["paths"].items()
    for method, entry in entries.items()
    if method in METHODS
]


def operation_of(method, path):
    """The one that a request is for; a literal path before a pattern."""
    path = path.split("?")[0]
    found = [o for o in OPERATIONS if o.method == method and o.pattern.match(path)]
    return min(found, key=lambda o: o.path.count("{"), default=None)


def resolve(node):
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"][2:].split("/"):
            target = target[part]
        node = target
    return node


def validator(schema):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"], **schema}
    return jsonschema.Draft202012Validator(whole)


def fault_of(operation, reply):
    """Why this answer is none that the operation promises; empty where it is one."""
    promised = operation.entry["responses"].get(str(reply.status))
    if promised is None:
        return f"{operation}: {reply.status} is not promised: {reply.body[:300]!r}"
    content = resolve(promised).get("content")
    if not content:
        return "" if not reply.body else f"{operation}: {reply.status} has a body"
    kind = reply.headers.get("content-type", "").split(";")[0]
    if kind not in content:
        return f"{operation}: {reply.status} is {kind}, not one of {list(content)}"
    if "json" not in kind:
        return ""
    value = json.loads(reply.body)
    for error in validator(content[kind]["schema"]).iter_errors(value):
        return f"{operation}: {reply.status}: {error.json_path}: {error.message[:300]}"
    return ""


def quote(text):
    return urllib.parse.quote(text, safe="")
