"""Files for the platform's own importer, written instead of sending requests.

All are JSON lines. Events have ``userId`` or ``anonymousId``, ``userKey``, ``event``,
``timestamp``, ``dataSourceId`` and ``attrs``; users ``userId``, ``userKey`` and ``attrs``; items,
in one file for each key, ``item_id`` and ``attrs``. This is the format of the vendor's import
package.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from growingio_wire.errors import TransportError
from growingio_wire.http import Request, Response
from growingio_wire.said import Said

MAX_FILE_BYTES: Final = 100 * 1024 * 1024
NOWHERE: Final = "http://files.invalid"
"""Placeholder server of a consumer whose requests are written to files."""

_UNSAFE: Final = re.compile(r"[^\w.-]")
_USER: Final = {"userId": "userId", "deviceId": "anonymousId", "userKey": "userKey"}
_EVENT: Final = {
    **_USER,
    "eventName": "event",
    "timestamp": "timestamp",
    "dataSourceId": "dataSourceId",
    "attributes": "attrs",
}
_USER_ATTRIBUTES: Final = {**_USER, "attributes": "attrs"}
_ITEM: Final = {"id": "item_id", "attributes": "attrs"}

_decode: Final = msgspec.json.Decoder(list[dict[str, Any]]).decode


class PlatformFiles:
    """A transport that writes the records of each request, as JSON, into files.

    Existing files are never changed; a further run starts new ones.

    :param folder: the directory of the files, ``events-0001.jsonl`` and so on.
    :param max_bytes: the size after which a new file is started.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()  # guards the next
        self._open: dict[str, io.FileIO] = {}
        self.written: list[Path] = []

    def exchange(self, request: Request) -> Response:
        """Write the records of a request, and wait until they are on disk.

        :raises TransportError: if they cannot be written. None of them is in a file then, so that a
            retry does not duplicate any.
        """
        by_name: dict[str, list[bytes]] = {}
        for record in _decode(request.body):
            name, line = _line(record)
            by_name.setdefault(name, []).append(msgspec.json.encode(line) + b"\n")
        try:
            with self._lock:
                self._write_all(by_name)
        except OSError as error:
            raise TransportError(
                Said(
                    f"the import files cannot be written to {self._folder}: {error}",
                    f"无法把导入文件写入 {self._folder}：{error}",
                )
            ) from error
        return Response(204)

    def close(self) -> None:
        """Close the files. Later rows start new ones."""
        with self._lock:
            for file in self._open.values():
                file.close()
            self._open.clear()

    def _write_all(self, by_name: Mapping[str, list[bytes]]) -> None:
        before: dict[str, int] = {}
        try:
            for name, lines in by_name.items():
                before[name] = self._length(name)
                self._write(name, b"".join(lines))
        except OSError:
            self._take_back(before)
            raise

    def _length(self, name: str) -> int:
        """Return the length of the current file; start a new one if that is full or missing."""
        file = self._open.get(name)
        if file is not None and file.tell() >= self._max_bytes:
            file.close()
            file = None
        if file is None:
            file = self._open[name] = self._next(name)
        return file.tell()

    def _write(self, name: str, content: bytes) -> None:
        file, rest = self._open[name], memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())

    def _take_back(self, before: Mapping[str, int]) -> None:
        """Truncate files to their previous lengths, and remove those that were new."""
        for name, length in before.items():
            file = self._open.pop(name)
            with suppress(OSError):
                file.truncate(length)
            file.close()
            path = Path(file.name)
            if not length:
                path.unlink(missing_ok=True)
                self.written.remove(path)

    def _next(self, name: str) -> io.FileIO:
        number = 1
        while True:
            path = self._folder / f"{name}-{number:04}.jsonl"
            try:
                # Without a buffer, whose content would still be written when the file is closed.
                file = io.FileIO(path, "x")
            except FileExistsError:
                number += 1
            else:
                self.written.append(path)
                return file


def _line(record: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the file that a record belongs to, and its line there."""
    if "eventType" not in record:
        # Keys are untrusted: a file name must not lead out of the folder.
        key = _UNSAFE.sub("_", str(record.get("key", "")))
        return f"items-{key}", _renamed(record, _ITEM)
    if record["eventType"] == "CUSTOM":
        return "events", _renamed(record, _EVENT)
    return "users", _renamed(record, _USER_ATTRIBUTES)


def _renamed(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    line = {new: record[old] for old, new in names.items() if old in record}
    line.setdefault("attrs", {})
    return line
