"""Environments that hold exactly what a text tells its reader to install.

Each is a virtual environment of links to the packages of this one, so it takes no download and no
second; what the text does not name, and what that does not require, cannot be imported there.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import venv
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from delivering.processes import quiet_environment
from tree import DOCS

OURS: Final = "growingio_tracker"
PACKAGES: Final = (
    "growingio_wire",
    "growingio_tracker",
    "growingio_collector",
    "growingio_cli",
    "growingio_tracker_snappy",
    "growingio_tracker_protobuf",
    "growingio_tracker_pytest",
    "pyspark_growingio",
)
_EXTRAS: Final = re.compile(r"(?:growingio_tracker|(?<=[\"'`])\.)\[([\w,-]+)\]")
_PIP: Final = re.compile(r"pip install ([^`#\n]+)")
_AS_IN_THE_TUTORIAL: Final = re.compile(
    r"install[^.]*\(tutorial\.md\)|\(tutorial\.md\)[^.]*install"
    r"|安装[^。]*\(tutorial\.zh-CN\.md\)|\(tutorial\.zh-CN\.md\)[^。]*安装",
    re.IGNORECASE,
)

Wanted = frozenset[str]


def wanted_by(text: str) -> Wanted:
    """Return the requirements that a text names; a page may name those of the tutorial.

    The SDK itself, which every reader has, is always one.
    """
    wanted = {f"{OURS}[{found[1]}]" for found in _EXTRAS.finditer(text)} | {OURS}
    for found in _PIP.finditer(text):
        words = [word for word in shlex.split(found[1]) if re.match(r"[A-Za-z]", word)]
        wanted |= set(words)
    if _AS_IN_THE_TUTORIAL.search(text):
        wanted |= wanted_by((DOCS / "tutorial.md").read_text("utf-8").partition("Where a page")[0])
    return frozenset(wanted)


class Environment:
    """A virtual environment in ``folder`` with what ``wanted`` requires, and nothing else."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        distributions = _closure(wanted)
        venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
        base = {"base": str(folder), "platbase": str(folder)}
        scheme = "nt" if os.name == "nt" else "posix_prefix"
        self.bin = Path(sysconfig.get_path("scripts", scheme, base))
        self.python = self.bin / ("python.exe" if os.name == "nt" else "python")
        _link(distributions, Path(sysconfig.get_path("purelib", scheme, base)))
        for one in distributions:
            self._write_scripts(one)

    def variables(self, **more: str) -> dict[str, str]:
        """Return a process's variables in this environment, and ``more``."""
        quiet = quiet_environment()
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            quiet.pop(name, None)
        path = os.pathsep.join([str(self.bin), os.defpath])  # the system's programs, no others
        return quiet | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **more}

    def run_well(self, *arguments: str | Path, **environment: str) -> str:
        """Run Python where warnings are errors, and return what it printed."""
        done = subprocess.run(
            [self.python, "-W", "error", *arguments],
            env=self.variables(**environment),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), explained(done.stderr)
        return done.stdout

    def _write_scripts(self, one: importlib.metadata.Distribution) -> None:
        for entry in one.entry_points:
            if entry.group == "console_scripts" and os.name != "nt":
                script = self.bin / entry.name
                script.write_text(
                    f"#!{self.python}\nimport sys\nfrom {entry.module} import {entry.attr}\n"
                    f"sys.exit({entry.attr}())\n"
                )
                script.chmod(0o755)


Made = Callable[[Wanted], Environment]
"""Returns an environment with what is wanted."""
Installed = Callable[[Path], Environment]
"""Returns the environment that the reader of a page has."""


def explained(output: str) -> str:
    """Return what a program said, headed by the line that its reader was not told."""
    advised = re.search(r"pip install \"[^\"]+\"", output)
    missing = re.search(r"No module named '(\w+)|(?<=: )(\w+)(?=: command not found)", output)
    module = missing and (missing[1] or missing[2])
    line = advised[0] if advised else f"pip install {_provider(module)}" if module else ""
    return f"the text does not tell to install this: {line}\n{output}" if line else output


def _closure(wanted: Wanted) -> list[importlib.metadata.Distribution]:
    """Return the distributions that pip would install, from those that are here."""
    found: dict[str, importlib.metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(one) for one in wanted]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        for extra in ("", *one.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                found[name] = importlib.metadata.distribution(name)
                waiting += _required(found[name], extra)
    return list(found.values())


def _required(one: importlib.metadata.Distribution, extra: str) -> Iterator[Requirement]:
    for text in one.requires or ():
        required = Requirement(text)
        if required.marker is None or required.marker.evaluate({"extra": extra}):
            yield required


@cache
def _owners() -> dict[str, set[str]]:
    """Return which distributions have a part in each top-level name; several share a namespace."""
    owners: dict[str, set[str]] = defaultdict(set)
    for one in importlib.metadata.distributions():
        name = one.name  # reads all of its metadata each time
        for file in one.files or ():
            owners[file.parts[0]].add(name)
    return owners


def _link(distributions: list[importlib.metadata.Distribution], folder: Path) -> None:
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        _link_one(Path(spec.origin).parent, folder / package)
    for one in distributions:
        parts = {
            file.parts[:1] if len(_owners()[file.parts[0]]) == 1 else file.parts
            for file in one.files or ()
            if file.parts[0] != ".." and file.suffix != ".pth"
        }
        for part in parts:
            _link_one(Path(str(one.locate_file(Path(*part)))), folder.joinpath(*part))


def _link_one(source: Path, target: Path) -> None:
    if target.exists() or not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source)
    except OSError:  # Windows lets only some users make links
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)


def _provider(module: str) -> str:
    """Return what a reader would install to have a module: the extra of ours that needs least."""
    [provider, *_] = importlib.metadata.packages_distributions().get(module, [module])
    extras = importlib.metadata.metadata(OURS).get_all("Provides-Extra") or ()
    needed = {extra: {one.name for one in _closure_if_here(extra)} for extra in extras}
    with_it = {extra: len(names) for extra, names in needed.items() if provider in names}
    return f'"{OURS}[{min(with_it, key=with_it.__getitem__)}]"' if with_it else provider


def _closure_if_here(extra: str) -> list[importlib.metadata.Distribution]:
    try:
        return _closure(frozenset({f"{OURS}[{extra}]"}))
    except importlib.metadata.PackageNotFoundError:
        return []
