"""The build hook: compiles the core of the SDK where that can be done, and says so where not.

A wheel with the compiled core is for one platform and every CPython from 3.10 on (abi3); a
free-threaded build is for one version. A wheel without it is for all, and does the same with
`core/pure.py`. `GROWINGIO_PURE=1` asks for that one.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

PACKAGE = Path("growingio_tracker", "core")
NAME = "growingio_tracker.core.compiled"
LIMITED_API = "0x030a0000"


class CoreBuildHook(BuildHookInterface[Any]):
    """Adds the compiled core to a wheel; to the source tree, where it is installed editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See hatchling."""
        self._made = Path(tempfile.mkdtemp())
        source = Path(self.root, "src")
        if version == "editable":
            remove_compiled(source / PACKAGE)
        reason = reason_for_pure()
        if reason is None:
            try:
                built = compile_core(source / PACKAGE / "c", self._made)
            except Exception as error:  # whatever is wrong with a compiler, there is the twin
                reason = " ".join(str(error).split()) or type(error).__name__
            else:
                self._add(built, source, version, build_data)
        if reason is not None:
            self.app.display_info(
                f"The core is pure Python, slower and otherwise the same: {reason}"
            )

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """See hatchling: the wheel is written."""
        shutil.rmtree(self._made, ignore_errors=True)

    def _add(self, built: Path, source: Path, version: str, build_data: dict[str, Any]) -> None:
        build_data["pure_python"] = False
        build_data["tag"] = wheel_tag()
        if version == "editable":
            shutil.move(built, source / PACKAGE / built.name)
        else:
            build_data["force_include"][str(built)] = str(PACKAGE / built.name)
        self.app.display_info(f"The core is compiled: {built.name}")


def reason_for_pure() -> str | None:
    """Return why the core is not even to be compiled; ``None`` when it is."""
    if os.environ.get("GROWINGIO_PURE") == "1":
        return "GROWINGIO_PURE=1 asks for it"
    if platform.python_implementation() != "CPython":
        return f"{platform.python_implementation()} makes fast what is Python"
    return None


def is_free_threaded() -> bool:
    """Return whether this Python has no GIL, and therefore no limited API."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def wheel_tag() -> str:
    """Return what a wheel with the compiled core can be installed on."""
    where = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if is_free_threaded():
        version = f"cp{sys.version_info.major}{sys.version_info.minor}"
        return f"{version}-{version}t-{where}"
    return f"cp310-abi3-{where}"


def remove_compiled(package: Path) -> None:
    """Remove what an earlier editable installation has put beside the sources."""
    for pattern in ("compiled*.so", "compiled*.pyd"):
        for found in package.glob(pattern):
            found.unlink()


def compile_core(sources: Path, target: Path) -> Path:
    """Return the extension module made from the C ``sources``, somewhere in ``target``."""
    limited = not is_free_threaded()
    extension = Extension(
        NAME,
        sorted(map(str, sources.glob("*.c"))),
        depends=sorted(map(str, sources.glob("*.h"))),
        define_macros=[("Py_LIMITED_API", LIMITED_API)] if limited else [],
        extra_compile_args=[] if os.name == "nt" else ["-std=c11", "-fvisibility=hidden"],
        py_limited_api=limited,
    )
    command = build_ext(Distribution({"name": NAME, "ext_modules": [extension]}))
    command.build_lib = str(target)
    command.build_temp = str(target / "objects")
    command.ensure_finalized()
    command.run()
    return Path(command.get_outputs()[0])
