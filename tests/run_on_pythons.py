"""Run the suite from the built wheel on every CPython 3.10 and newer that is found.

    python tests/run_on_pythons.py             every one but the version that runs this file
    python tests/run_on_pythons.py --this      that one only
    python tests/run_on_pythons.py --set-up    only make their environments ready
    python tests/run_on_pythons.py --newest    print where the newest one is

It looks in ~/.pyenv/versions and on PATH, and says which versions it found and which it did not.
The oldest and the newest run everything that can differ between versions; those between them run
the quick half, without real servers and processes, beside it: what works at both ends works there
as well. Property tests draw a quarter of their examples: `make test` has drawn all, and has
done its own version already.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
# Type checkers, the comparison with the 1.0.5 wheel, the pages in a browser and what a generator of
# calls makes of the API's description say the same on every version.
LEFT_OUT = ["-m", "not once", "--ignore=tests/types", "--ignore=tests/browser"]
LEFT_OUT += [
    f"--ignore={path.relative_to(ROOT)}"
    for path in sorted((ROOT / "tests" / "compat").glob("test_*.py"))
    if path.name != "test_old_pytests.py"  # has a release that new versions cannot run
]
LEFT_OUT += ["--ignore=tests/integration/collector/test_openapi.py"]
# Sphinx makes the site. What the collector makes of its options is the same, too; what commands do
# in processes of their own is tested on both ends.
LEFT_OUT += ["--ignore=tests/docs/test_site.py"]
LEFT_OUT += ["--ignore=tests/integration/cli/test_command_options.py"]
# Spark starts engines for a minute, and what it runs on is the same Java each time.
LEFT_OUT += ["--ignore=tests/integration/tracker/spark"]
QUICK = ["tests/unit", "tests/contract", "tests/property"]
# As for `make suite`: make gives its processes what stands on its command line.
ASKED_FOR = shlex.split(os.environ.get("PYTEST_ARGS", ""))
EXTRAS = "all,parquet,sql,kafka,django,flask,celery,otel"


def main() -> int:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {version: path for version in VERSIONS if (path := find(version)) is not None}
    if sys.argv[1:] == ["--newest"]:
        print(list(found.values())[-1] if found else sys.executable)
        return 0
    if sys.argv[1:] == ["--this"]:
        return not (set_up(own, sys.executable) and run(own, *AT_A_TIME))
    os.environ["GROWINGIO_EXAMPLES"] = "0.25"
    print(f"found: {', '.join(found)}; not found: {', '.join(set(VERSIONS) - set(found)) or '-'}")
    ends = {*list(found)[:1], *list(found)[-1:]}
    others = {version: path for version, path in found.items() if version != own}
    failed = those_that_fail(lambda version: set_up(version, others[version]), list(others))
    if sys.argv[1:] != ["--set-up"] and not failed:
        failed = those_that_fail(lambda version: run_part(version, version in ends), list(others))
    if failed:
        print(f"failed on {', '.join(failed)}")
    return bool(failed)


def find(version: str) -> str | None:
    pattern = f"{version}.*/python.exe" if os.name == "nt" else f"{version}.*/bin/python"
    installed = sorted((Path.home() / ".pyenv" / "versions").glob(pattern))
    return str(installed[-1]) if installed else shutil.which(f"python{version}")


def python_of(version: str) -> Path:
    environment = ROOT / f".venv-{version}"
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def set_up(version: str, python: str) -> bool:
    """Make an environment with the wheel, unless the one that is there has it."""
    own_python = python_of(version)
    [wheel] = (ROOT / "dist").glob("*.whl")
    groups = (ROOT / "pyproject.toml").read_bytes()
    wanted, has = hashlib.sha256(wheel.read_bytes() + groups).hexdigest(), own_python.parent / "has"
    if has.exists() and has.read_text("utf-8") == wanted:
        return True
    # Its pip is the one of the interpreter that runs this file, which knows dependency groups.
    pip = [sys.executable, "-m", "pip", f"--python={own_python}", "--disable-pip-version-check"]
    commands = [[python, "-m", "venv", "--without-pip", str(own_python.parents[1])]]
    if own_python.exists():
        commands = [[*pip, "uninstall", "--quiet", "--yes", "growingio_tracker"]]
    packages = ["pip>=25.1", f"{wheel}[{EXTRAS}]", "--group", "test"]
    commands.append([*pip, "install", "--quiet", *packages])
    made = all(subprocess.run(one, cwd=ROOT, check=False).returncode == 0 for one in commands)
    if made:
        has.write_text(wanted, "utf-8")
    return made


AT_A_TIME = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart=0"]


def run(version: str, *arguments: str, captured: bool = False) -> bool:
    """Run the suite; with ``captured`` print at its end what it said."""
    said = [f"== {version}: {' '.join(arguments)}"]
    if not captured:
        print(*said, flush=True)
    done = subprocess.run(
        [str(python_of(version)), "-m", "pytest", "-q", *LEFT_OUT, *arguments, *ASKED_FOR],
        cwd=ROOT,
        stdout=subprocess.PIPE if captured else None,
        stderr=subprocess.STDOUT if captured else None,
        text=True,
        check=False,
    )
    if captured:
        print(*said, done.stdout, sep="\n", flush=True)
    return done.returncode == 0


def run_part(version: str, is_end: bool) -> bool:
    """Run the whole suite, or the quick half in one process."""
    if is_end:
        return run(version, *AT_A_TIME)
    return run(version, *QUICK, "-p", "no:xdist", captured=True)


def those_that_fail(work: Callable[[str], bool], versions: list[str]) -> list[str]:
    """Do something for versions side by side; return those that it fails for."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = pool.map(work, versions)
        return [one for one, good in zip(versions, passed, strict=True) if not good]


if __name__ == "__main__":
    sys.exit(main())
