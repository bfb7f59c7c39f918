"""What is built is built hard: the files themselves are asked, and a soft one is told from a hard one."""

import pathlib
import platform
import re
import subprocess
import tempfile
import unittest

from harness import machine

BUILT = machine.BUILD
PLUGIN_SYMBOLS = {"mosquitto_plugin_version", "mosquitto_plugin_init", "mosquitto_plugin_cleanup"}


def readelf(*words):
    return subprocess.run(["readelf", "-W", *map(str, words)], capture_output=True, text=True, check=True).stdout


def faults(path):
    """What this file lacks, in words."""
    out = []
    header, segments, dynamic, symbols = readelf("-h", path), readelf("-l", path), readelf("-d", path), readelf("--dyn-syms", path)
    stack = re.search(r"GNU_STACK(?: +0x\w+){5} ([RWE]+) +0x", segments)
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
    return out


def without_cet(archive):
    """The objects of a library that are not marked for control-flow enforcement."""
    objects = re.split(r"^File: .*\((.*)\)$", readelf("-n", archive), flags=re.MULTILINE)[1:]
    return [name for name, notes in zip(objects[::2], objects[1::2]) if not re.search(r"x86 feature: .*IBT, SHSTK", notes)]


class Hard(unittest.TestCase):
    def test_program_daemon_and_plugin_are_built_hard(self):
        for name in ("bin/sallyport", "bin/sallyportd", "lib/libsallyport_mosquitto.so"):
            with self.subTest(name):
                self.assertEqual(faults(BUILT / name), [])

    @unittest.skipUnless(platform.machine() == "x86_64", "CET is of x86-64")
    def test_every_object_of_ours_is_marked_for_control_flow_enforcement(self):
        # The whole file is not: Debian's libstdc++.a and libsodium.a are linked in, and they are not marked.
        libraries = sorted(BUILT.glob("libsp_*.a"))
        self.assertGreater(len(libraries), 10)
        self.assertEqual({one.name: bad for one in libraries if (bad := without_cet(one))}, {})

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
                ["cc", "-no-pie", "-fno-stack-protector", "-z", "execstack", "-z", "norelro",
                 "-Wl,-rpath,/tmp", source, "-o", soft], check=True, capture_output=True,
            )  # fmt: skip
            self.assertEqual(
                faults(soft),
                ["executable stack", "no full RELRO", "not position-independent", "a run path", "no stack protector",
                 "no FORTIFY"],
            )  # fmt: skip
            subprocess.run(["cc", "-c", "-fcf-protection=none", source, "-o", f"{soft}.o"], check=True)
            subprocess.run(["ar", "rc", f"{soft}.a", f"{soft}.o"], check=True)
            self.assertEqual(without_cet(f"{soft}.a"), ["soft.o"] if platform.machine() == "x86_64" else [])


if __name__ == "__main__":
    unittest.main()
