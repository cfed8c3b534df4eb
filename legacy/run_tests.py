"""Builds the 1.x line, and runs its tests from the wheel on every old interpreter that is found.

It runs on Python 3.10 or newer, looks in ~/.pyenv/versions and on PATH, and says which versions it
did not find; in CI the oldest of each major version must be there. The wheel is installed by the
pip that each interpreter has, without network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import trustme

HERE = Path(__file__).resolve().parent
CONFORMANCE = HERE.parent / "tests" / "conformance"
VERSIONS = ["2.7", "3.5", "3.6", "3.7", "3.8", "3.9"]
# A machine that cannot have both, as hosted ones cannot, names what it has.
NEEDED_IN_CI = set(os.environ.get("LEGACY_NEEDED", "2.7 3.6").split())


def main() -> int:
    found = {version: path for version in VERSIONS if (path := find(version))}
    missing = [version for version in VERSIONS if version not in found]
    print(f"found: {', '.join(found) or '-'}; not found: {', '.join(missing) or '-'}", flush=True)
    if os.environ.get("CI") == "true" and NEEDED_IN_CI - set(found):
        print(f"in CI these must be there: {', '.join(sorted(NEEDED_IN_CI - set(found)))}")
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        wheel = build(Path(temporary))
        make_certificates(Path(temporary) / "certificates")
        failed = [] if is_old_python() else ["vermin"]
        # All at a time: the tests mostly wait, for servers that never answer and processes to end.
        with ThreadPoolExecutor(len(VERSIONS)) as pool:
            succeeded = pool.map(
                lambda one: run(one, found[one], wheel, Path(temporary)), list(found)
            )
            failed += [one for one, good in zip(found, succeeded, strict=True) if not good]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


def find(version: str) -> str | None:
    """Return an interpreter that really is of that version: a shim may be there for none."""
    installed = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for path in [*map(str, installed[::-1]), shutil.which(f"python{version}")]:
        if path and version in said(path, "import sys; print('%d.%d' % sys.version_info[:2])"):
            return path
    return None


def said(python: str, program: str) -> str:
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def build(directory: Path) -> Path:
    """Build sdist and wheel; return the wheel, which was built from the sdist.

    The setuptools that is here builds them: an environment made for it would need the network.
    """
    shutil.rmtree(HERE / "dist", ignore_errors=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(HERE / "dist")]
    done = subprocess.run(
        [*command, str(HERE)], capture_output=True, text=True, check=False, cwd=directory
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    [wheel] = (HERE / "dist").glob("*-py2.py3-none-any.whl")
    return wheel


def make_certificates(directory: Path) -> None:
    directory.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "authority.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
        str(directory / "server.pem")
    )


def is_old_python() -> bool:
    """Return whether syntax and library of the source are those of 2.7 and of 3.5."""
    vermin = [sys.executable, "-c", "from vermin import main; main()"]
    options = ["--quiet", "--no-tips", "-t=2.7-", "-t=3.5-", "--violations"]
    return subprocess.run([*vermin, *options, str(HERE / "src")], check=False).returncode == 0


def run(version: str, python: str, wheel: Path, temporary: Path) -> bool:
    """Install the wheel and run the tests; print what they said when they are done."""
    site = temporary / f"site-{version}"
    own_temporary = temporary / f"temporary-{version}"
    shutil.copytree(temporary / "certificates", own_temporary)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install = [*pip, "--no-index", "--no-deps", "--target", str(site), str(wheel)]
    tests = [python, "-m", "unittest", "discover", "-s", str(HERE / "tests"), "--buffer"]
    paths = [site, CONFORMANCE, HERE / "tests" / "support"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LEGACY_TEMP": str(own_temporary),
    }
    said = [f"== {version}: {python}"]
    for command in (install, tests):
        done = subprocess.run(
            command, env=environment, cwd=own_temporary, timeout=600, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        if command is tests or done.returncode:
            said.append(done.stdout.strip())
        if done.returncode:
            break
    print("\n".join(said), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
