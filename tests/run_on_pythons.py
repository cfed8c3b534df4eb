"""Run the suite from the built wheel on every CPython 3.10 and newer that is found.

It looks in ~/.pyenv/versions and on PATH, says which versions it found and which it did not, and
leaves out the version that runs this file: `make test` has done that one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
# Type checkers, the comparison with the 1.0.5 wheel, the pages in a browser and what a generator of
# calls makes of the API's description say the same on every version.
LEFT_OUT = ["--ignore=tests/types", "--ignore=tests/compat", "--ignore=tests/browser"]
LEFT_OUT += ["--ignore=tests/integration/collector/test_openapi.py"]
# Spark starts engines for a minute, and what it runs on is the same Java each time.
LEFT_OUT += ["--ignore=tests/integration/spark"]
EXTRAS = "all,parquet,django,flask,celery,docs"
REQUIREMENTS = ["pytest", "pytest-xdist", "hypothesis", "jsonschema-rs", "protobuf", "trustme"]
REQUIREMENTS += ["fastapi", "gevent", "gunicorn", "litestar"]
REQUIREMENTS += ["opentelemetry-instrumentation-urllib3", "opentelemetry-sdk"]


def main() -> int:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {version: path for version in VERSIONS if (path := find(version)) is not None}
    print(f"found: {', '.join(found)}; not found: {', '.join(set(VERSIONS) - set(found)) or '-'}")
    failed = [
        version for version, path in found.items() if version != own and not run(version, path)
    ]
    if failed:
        print(f"failed on {', '.join(failed)}")
    return bool(failed)


def find(version: str) -> str | None:
    pattern = f"{version}.*/python.exe" if os.name == "nt" else f"{version}.*/bin/python"
    installed = sorted((Path.home() / ".pyenv" / "versions").glob(pattern))
    return str(installed[-1]) if installed else shutil.which(f"python{version}")


def run(version: str, python: str) -> bool:
    environment = ROOT / f".venv-{version}"
    own_python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    print(f"== {version}: {python}", flush=True)
    [wheel] = (ROOT / "dist").glob("*.whl")
    pip = [str(own_python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = [
        [python, "-m", "venv", str(environment)],
        [*pip, f"{wheel}[{EXTRAS}]", *REQUIREMENTS],
        [*pip, "--force-reinstall", "--no-deps", str(wheel)],
        [str(own_python), "-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile", *LEFT_OUT],
    ]
    return all(
        subprocess.run(command, cwd=ROOT, check=False).returncode == 0 for command in commands
    )


if __name__ == "__main__":
    sys.exit(main())
