"""What is built is built hard: the files themselves are asked, and a soft one is told from a hard one."""

import pathlib
import platform
import re
import subprocess
import tempfile
import unittest

from harness import machine

BUILT = machine.ROOT / "build" / "release"
PLUGIN_SYMBOLS = {"mosquitto_plugin_version", "mosquitto_plugin_init", "mosquitto_plugin_cleanup"}


def readelf(*words):
    return subprocess.run(["readelf", "-W", *map(str, words)], capture_output=True, text=True, check=True).stdout


def faults(path):
    """What this file lacks, in words."""
    out = []
    header, segments, dynamic, symbols = readelf("-h", path), readelf("-l", path), readelf("-d", path), readelf("--dyn-syms", path)
    stack = re.search(r"GNU_STACK.*? ([RWE ]{2,3}) +0x", segments)
    if not stack or "E" in stack.group(1):
        out.append("executable stack")
    if any(re.search(r"LOAD.* RWE ", line) for line in segments.splitlines()):
        out.append("a segment that is written and executed")
    if "GNU_RELRO" not in segments or not re.search(r"BIND_NOW|Flags:.*NOW", dynamic):
        out.append("no full RELRO")
    if not re.search(r"Type: +DYN", header) or ("INTERP" in segments and not re.search(r"FLAGS_1.*PIE", dynamic)):
        out.append("not position-independent")
    if "RPATH" in dynamic or "RUNPATH" in dynamic:
        out.append("a run path")
    if "__stack_chk_fail" not in symbols:
        out.append("no stack protector")
    if not re.search(r"__(memcpy|snprintf|vsnprintf|read|memmove)_chk", symbols):
        out.append("no FORTIFY")
    if platform.machine() == "x86_64" and not re.search(r"x86 feature: .*IBT, SHSTK", readelf("-n", path)):
        out.append("no CET")
    return out


class Hard(unittest.TestCase):
    def test_program_daemon_and_plugin_are_built_hard(self):
        for name in ("bin/sallyport", "bin/sallyportd", "lib/libsallyport_mosquitto.so"):
            with self.subTest(name):
                self.assertEqual(faults(BUILT / name), [])

    def test_the_plugin_shows_the_broker_three_names_and_no_more(self):
        shown = {
            found.group(1).split("@")[0]
            for line in readelf("--dyn-syms", BUILT / "lib/libsallyport_mosquitto.so").splitlines()
            if (found := re.search(r"(?:GLOBAL|WEAK) +DEFAULT +\d+ +(\S+)", line))
        }
        self.assertEqual(shown, PLUGIN_SYMBOLS)

    def test_a_soft_file_is_told_by_each_of_its_faults(self):
        with tempfile.TemporaryDirectory() as folder:
            source, soft = pathlib.Path(folder) / "soft.c", pathlib.Path(folder) / "soft"
            source.write_text("int main(void) { return 0; }\n")
            subprocess.run(
                ["cc", "-no-pie", "-fcf-protection=none", "-fno-stack-protector", "-z", "execstack", "-z", "norelro",
                 "-Wl,-rpath,/tmp", source, "-o", soft], check=True, capture_output=True,
            )  # fmt: skip
            self.assertEqual(
                faults(soft),
                ["executable stack", "no full RELRO", "not position-independent", "a run path", "no stack protector",
                 "no FORTIFY"] + (["no CET"] if platform.machine() == "x86_64" else []),
            )  # fmt: skip


if __name__ == "__main__":
    unittest.main()
