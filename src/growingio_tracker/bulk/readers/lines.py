"""Lines of a file that may be compressed, with the place of each."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from growingio_tracker.bulk.readers.layout import CHUNK_BYTES, MAX_ROW_BYTES, Place
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException

_GZIP: Final = b"\x1f\x8b"
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE_BYTES: Final = 64 * 1024
_BUFFER_BYTES: Final = 256 * 1024

UTF_8: Final = "utf-8"
GB18030: Final = "gb18030"
ENCODINGS: Final = {"utf-8": UTF_8, "utf8": UTF_8, "gbk": GB18030, "gb18030": GB18030}
"""The encodings that are read, by the names that people have for them.

In each of them a newline, a quote and a comma are bytes that mean nothing else.
"""


class Lines:
    """The lines of one file, from a place on.

    :param path: the file; gzip is known by its first bytes.
    """

    def __init__(self, path: str, start: Place) -> None:
        self._path = path
        self._file = io.FileIO(path)
        self._size = os.fstat(self._file.fileno()).st_size
        is_gzip = self._file.read(len(_GZIP)) == _GZIP
        self._file.seek(0)
        stream = gzip.GzipFile(fileobj=self._file) if is_gzip else self._file
        self._stream = io.BufferedReader(stream, _BUFFER_BYTES)
        self._stream.seek(start.offset)
        self.offset = start.offset
        if not start.offset and self._stream.peek(3).startswith(_UTF8_BOM):
            self.offset = len(self._stream.read(len(_UTF8_BOM)))

    def beginning(self) -> bytes:
        """Return some bytes from here on, without going on."""
        return self._stream.peek(_SAMPLE_BYTES)[:_SAMPLE_BYTES]

    def line(self) -> bytes:
        """Return the next line with its end, ``b""`` behind the last.

        :raises GrowingIOException: when it is longer than a row may be.
        """
        line = self._stream.readline(MAX_ROW_BYTES + 1)
        if len(line) > MAX_ROW_BYTES:
            raise too_long(self._path, self.offset)
        self.offset += len(line)
        return line

    def take(self, max_lines: int) -> list[bytes]:
        """Return the next lines: at most so many, and not many bytes; none at the end."""
        lines: list[bytes] = []
        size = 0
        while len(lines) < max_lines and size < CHUNK_BYTES and (line := self.line()):
            lines.append(line)
            size += len(line)
        return lines

    def part(self) -> float:
        """Return which part of the file has been read, 0 to 1."""
        return min(1.0, self._file.tell() / self._size) if self._size else 1.0

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._file.close()


@contextmanager
def lines_of(path: str, start: Place) -> Generator[Lines, None, None]:
    """Open a file at a place.

    :raises GrowingIOException: inside, when the file cannot be read on.
    """
    lines: Lines | None = None
    try:
        lines = Lines(path, start)
        yield lines
    except (OSError, EOFError, zlib.error) as error:
        raise GrowingIOException(
            f"{path} cannot be read on: {error}. What stands before that place was imported"
        ) from error
    finally:
        if lines is not None:
            lines.close()


def too_long(path: str, offset: int) -> GrowingIOException:
    """Return the error for a row that has no end."""
    return GrowingIOException(
        f"{path}: the row that begins at byte {offset} has no end within {MAX_ROW_BYTES} bytes; "
        "a quote that is never closed does that, and a file of another format. What stands before "
        "it was imported"
    )


def check_encoding(path: str, encoding: str) -> None:
    """Look at the beginning of a file, and say when it is in another encoding.

    :raises GrowingParamException: naming the encoding to give.
    :raises GrowingIOException: when the file cannot be read.
    """
    with lines_of(path, Place()) as lines:
        sample = lines.beginning()
    if sample.startswith(_UTF16_BOMS):
        raise GrowingParamException(
            f"{path} is UTF-16, which is not read; save it as UTF-8, for instance with "
            "iconv -f UTF-16 -t UTF-8"
        )
    if not _is_in(sample, encoding):
        other = GB18030 if encoding == UTF_8 else UTF_8
        hint = f"; it looks like {_NAMES[other]}, so say so (--encoding {_NAMES[other]})"
        raise GrowingParamException(
            f"{path} is not {_NAMES[encoding]}{hint if _is_in(sample, other) else ''}"
        )


_NAMES: Final = {UTF_8: "utf-8", GB18030: "gbk"}


def _is_in(sample: bytes, encoding: str) -> bool:
    try:
        # Up to the last line's end, because a character may be cut in two behind it.
        sample[: sample.rfind(b"\n") + 1 or None].decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4 and b"\n" not in sample
    return True


def text_of(data: bytes, encoding: str) -> str:
    """Return the text of a chunk; bytes that are none become lone surrogates."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode(encoding, "surrogateescape")


NOT_TEXT: Final = "holds bytes that are not in the encoding of the file; repair them"


def checked_encoding(name: str) -> str:
    """Return Python's name of an encoding.

    :raises GrowingParamException: when it is none of those that are read.
    """
    found = ENCODINGS.get(name.lower())
    if found is None:
        raise GrowingParamException(f"encoding must be one of {', '.join(ENCODINGS)}, got {name!r}")
    return found
