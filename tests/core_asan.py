"""Test the compiled core under the address and the undefined behaviour sanitizer.

    python tests/core_asan.py [--seconds 60]

It builds a wheel of its own, and runs the core's tests on it, and then the random ones for so many
seconds. It needs gcc with its sanitizers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
)
TESTS = [
    "tests/unit/tracker/core",
    "tests/property/test_cores.py",
    "tests/property/test_journals.py",
    "tests/unit/tracker/delivery/spool",
]


def built(folder: Path) -> Path:
    """The folder with a wheel's packages, whose core is built for the sanitizers."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(folder / "dist"),
    ]
    environment = {
        **os.environ,
        "CC": "gcc",
        "CFLAGS": FLAGS,
        "LDFLAGS": FLAGS,
        "GROWINGIO_PURE": "",
    }
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    [wheel] = (folder / "dist").glob("*-abi3-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def library(name: str) -> str:
    """The path of a library of gcc's."""
    command = ["gcc", f"-print-file-name={name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", default="60")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "GROWINGIO_PURE": "",
            "PYTHONPATH": str(built(Path(folder))),
            # Python's own allocator would hide what happens inside of its blocks.
            "PYTHONMALLOC": "malloc",
            "LD_PRELOAD": library("libasan.so"),
            # What Python itself keeps at its end is no leak of ours; test_references.py looks for
            # those.
            "ASAN_OPTIONS": "detect_leaks=0",
            "CORE_ROUNDS": "200",
        }
        for arguments in (
            ["-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS],
            ["tests/core_fuzz.py", "--seconds", options.seconds],
        ):
            subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
