"""Forbidding requests for a while, as tests want it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TypeAlias

from growingio_tracker.transport.base import Request

Forbid: TypeAlias = Callable[[Request], None]
"""Is asked before a request leaves, in the thread that makes it, and raises to prevent it."""

guards: Final[list[Forbid]] = []
"""What every HTTP transport asks before each request; empty unless somebody tests."""


@contextmanager
def guarded(forbid: Forbid) -> Generator[None, None, None]:
    """Ask ``forbid`` about every request of the process inside the block."""
    guards.append(forbid)
    try:
        yield
    finally:
        guards.remove(forbid)
