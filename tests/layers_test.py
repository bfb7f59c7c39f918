"""The arrows of the house point down only: #include lines against cmake/layers.txt."""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# The folders outside src/ that stand on the rooms.
EDGES = {
    "brokers": "engine control auth bars config base",
    "cli": "admin engine control auth config base users bars store postgres jose keys net crypto codec observe rules",
    "daemon": "admin engine control auth config base users bars store postgres jose keys net crypto codec observe rules",
}

# Third-party headers, each with the only rooms that may name it.
THIRD_PARTY = [
    (r"openssl/", {"crypto"}),
    (r"sodium(\.h|/)", {"crypto"}),
    (r"sqlite3\.h", {"store"}),
    (r"(postgresql/)?libpq", {"postgres"}),
    (r"curl/", {"net"}),
    (r"mosquitto(_broker|_plugin)?\.h|mqtt_protocol\.h", {"brokers"}),
    (r"toml\+\+/|toml\.hpp", {"config", "cli", "daemon"}),
    (r"nlohmann/", {"codec", "jose", "control", "brokers", "cli", "daemon", "admin", "engine", "config", "store", "observe", "auth"}),
    (r"CLI/", {"cli", "daemon"}),
]

# Law 1: these decide, so they touch no file, no network, no clock of the machine.
PURE = {"auth", "bars", "rules", "jose"}
IMPURE_HEADERS = re.compile(r"^(fstream|filesystem|sys/socket\.h|netinet/.*|fcntl\.h|sys/stat\.h)$")


def rows(root):
    table = {}
    for line in (root / "cmake" / "layers.txt").read_text().splitlines():
        found = re.match(r"^([a-z]+): *(.*)$", line)
        if found:
            table[found.group(1)] = set(found.group(2).split())
    for folder, row in EDGES.items():
        table.setdefault(folder, set(row.split()))
    return table


def sources(root):
    for top in ("src", "cli", "brokers", "daemon"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cpp", ".c", ".def") and path.is_file():
                parts = path.relative_to(root).parts
                yield path, parts[1] if top == "src" else top


def faults(root=ROOT):
    """Each upward or stray include as one line of text with its file and line."""
    table, out = rows(root), []
    for path, folder in sources(root):
        is_test = path.stem.endswith("_test") or path.stem.endswith("_testing")
        text = path.read_text(errors="replace")
        for found in INCLUDE.finditer(text):
            place = f"{path.relative_to(root)}:{text.count(chr(10), 0, found.start(1)) + 1}"
            quoted, name = found.group(1) == '"', found.group(2)
            if folder not in table:
                out.append(f"{place}: {folder} has no row in cmake/layers.txt")
                break
            target = name.split("/")[0]
            if quoted and target == folder:
                continue
            if quoted and "/" not in name:
                out.append(f'{place}: "{name}" is to be written from the root: "{folder}/{name}"')
            elif quoted and target not in table:
                out.append(f'{place}: "{name}" is in no folder of the house')
            elif quoted and target not in table[folder]:
                out.append(f'{place}: {folder} may not include {target} ("{name}")')
            if quoted:
                continue
            for pattern, rooms in THIRD_PARTY:
                if re.match(pattern, name) and folder not in rooms and not is_test:
                    out.append(f"{place}: <{name}> belongs to {', '.join(sorted(rooms))} alone")
            if folder in PURE and not is_test and IMPURE_HEADERS.match(name):
                out.append(f"{place}: <{name}>: {folder} decides, and touches no file or socket")
    return out


def ring(table):
    """A folder that reaches itself, if there is one."""
    for start in table:
        seen, todo = set(), set(table[start])
        while todo:
            one = todo.pop()
            if one == start:
                return start
            if one not in seen:
                seen.add(one)
                todo |= table.get(one, set())
    return None


class Layers(unittest.TestCase):
    def test_every_include_points_down(self):
        found = faults()
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_the_table_itself_has_no_ring(self):
        self.assertIsNone(ring(rows(ROOT)))

    def test_every_room_of_src_has_a_row(self):
        rooms = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
        self.assertEqual(rooms - set(rows(ROOT)), set())

    def planted(self, file, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "cmake").mkdir()
            (root / "cmake" / "layers.txt").write_text((ROOT / "cmake" / "layers.txt").read_text())
            for top in ("src", "cli", "brokers", "daemon"):
                (root / top).mkdir()
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
            return faults(root)

    def test_a_planted_upward_include_is_found_with_file_and_line(self):
        found = self.planted("src/codec/json.cpp", '#include <string>\n\n#include "jose/verify.h"\n')
        self.assertEqual(len(found), 1)
        self.assertIn("src/codec/json.cpp:3: codec may not include jose", found[0])

    def test_a_planted_downward_include_is_not_found(self):
        self.assertEqual(self.planted("src/jose/verify.cpp", '#include "codec/json.h"\n'), [])

    def test_planted_openssl_outside_crypto_is_found(self):
        found = self.planted("brokers/mosquitto/plugin.cpp", "#include <openssl/x509.h>\n")
        self.assertEqual(len(found), 1)
        self.assertIn("belongs to crypto alone", found[0])
        self.assertEqual(self.planted("src/crypto/mac.cpp", "#include <openssl/hmac.h>\n"), [])

    def test_a_planted_file_header_on_the_decision_path_is_found(self):
        found = self.planted("src/auth/chain.cpp", "#include <fstream>\n")
        self.assertEqual(len(found), 1)
        self.assertEqual(self.planted("src/store/sqlite_store.cpp", "#include <fstream>\n"), [])


if __name__ == "__main__":
    unittest.main()
