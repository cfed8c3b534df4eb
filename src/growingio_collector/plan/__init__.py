"""Tracking plan in use: read from a file that may change, or uploaded and stored.

Its neighbours draft plans, and report how the received events compare with one.
"""

import logging
import os
import threading
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from growingio_collector.rules.plans import judged
from growingio_collector.store import EventStore
from growingio_collector.store.received import Received
from growingio_collector.store.schema import reading
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.plan.reading import Loaded, load_plan, read_plan

_logger: Final = logging.getLogger("growingio_collector")

_SETTING: Final = "plan"


class _Kept(msgspec.Struct):
    """A plan stored as a setting."""

    text: str
    format: str


def stored_plan(path: Path) -> Loaded | None:
    """Return the plan stored at ``path``; None if there is none.

    :raises PlanError: if this release finds defects in it.
    """
    with reading(path) as connection:
        row = connection.execute("SELECT value FROM setting WHERE key = ?", (_SETTING,)).fetchone()
    if row is None:
        return None
    kept = msgspec.json.decode(row["value"], type=_Kept)
    return read_plan(kept.text.encode(), str(path), kept.format)


class Plans:
    """Holds the plan in use, and compares messages with it. Safe to use from any thread.

    ``error`` says why the current file is not in use; None if it is.

    :param store: stores an uploaded plan.
    :param file: the plan's file, checked before every use; None for an uploaded plan.
    :raises GrowingParamException: if the file cannot be read, or has defects; all are named.
    """

    def __init__(self, store: EventStore, file: Path | None = None) -> None:
        self.file = file
        self._store = store
        self._lock = threading.Lock()
        self.error: GrowingParamException | None = None
        self._stamp = _stamp(file) if file else None
        self._loaded = load_plan(file) if file else stored_plan(store.path)
        if file and self._loaded:
            self._keep(self._loaded)

    def current(self) -> Loaded | None:
        """Return the plan in use, reloaded if the file has changed and is valid."""
        if self.file is None:
            return self._loaded
        with self._lock:
            stamp = _stamp(self.file)
            if stamp != self._stamp:
                self._stamp = stamp
                self._read_again(self.file)
            return self._loaded

    def _read_again(self, file: Path) -> None:
        try:
            self._loaded, self.error = load_plan(file), None
        except GrowingParamException as error:
            self.error = error
            self._store.tell()
            _logger.error(
                "The previous plan stays in use, because the changed file is invalid. %s", error
            )
        else:
            self._keep(self._loaded)
            self._store.tell()

    def required(self) -> Loaded:
        """Return the plan in use.

        :raises GrowingParamException: if there is none.
        """
        loaded = self.current()
        if loaded is None:
            raise invalid(
                "plan: there is none yet. Name the file of one.",
                "plan：还没有埋点方案。请给出方案文件。",
                "plan",
                code="missing",
            )
        return loaded

    def put(self, content: bytes, format_: str | None) -> Loaded:
        """Put the plan in ``content`` into use; ``format_`` as for ``read_plan``.

        :raises PlanError: if it has defects; the previous plan stays in use.
        :raises GrowingParamException: the plan comes from a file.
        """
        self._check_not_from_file()
        loaded = read_plan(content, "the plan", format_)
        self._keep(loaded)
        self._loaded = loaded
        self._store.tell()
        return loaded

    def remove(self) -> None:
        """Stop using a plan.

        :raises GrowingParamException: the plan comes from a file.
        """
        self._check_not_from_file()
        self._store.set(_SETTING, None)
        self._loaded = None
        self._store.tell()

    def _check_not_from_file(self) -> None:
        if self.file:
            raise invalid(
                f"plan: it comes from {self.file}. Change that file; it is read again by itself.",
                f"plan：当前的埋点方案来自 {self.file}。请修改该文件，它会自动重新读取。",
                "plan",
                code="from_file",
                values={"file": str(self.file)},
            )

    def _keep(self, loaded: Loaded) -> None:
        kept = _Kept(loaded.text, loaded.format)
        self._store.set(_SETTING, msgspec.json.encode(kept).decode())

    def judged(self, received: Received) -> Received:
        """Return ``received`` with the issues that the plan finds in its messages."""
        loaded = self.current()
        if loaded is None:
            return received
        return replace(received, messages=judged(loaded.plan, received.messages))


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file changes; None if it does not exist."""
    try:
        found: os.stat_result = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
