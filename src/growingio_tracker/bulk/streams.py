"""Byte streams of files, decompressed and in an encoding that can be split into lines.

Offsets count the bytes returned by these streams. If they differ from those of the file, continuing
at an offset requires reading the file from its beginning again.
"""

from __future__ import annotations

import codecs
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from growingio_wire.said import Said

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP: Final = b"\x1f\x8b"
UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
MAX_ROW_BYTES: Final = 64 * 1024 * 1024
"""Maximum length of a row. Reading ends at a longer one, because it would fill the memory."""

_BLOCK_BYTES: Final = 64 * 1024
_BUFFER_BYTES: Final = 256 * 1024
_INFLATED_BYTES: Final = 1024 * 1024
_ANY_GZIP: Final = 31  # of zlib: a window of 32 KiB, with the head and the end of gzip


class Form(Struct, frozen=True):
    """Transformation of a file's bytes, besides decompression.

    :param utf16: Python's name of the UTF-16 to convert to UTF-8; empty for other encodings.
    :param is_array: whether to convert a JSON array to lines, one for each element.
    """

    utf16: str = ""
    is_array: bool = False


AS_IT_IS: Final = Form()


class CutOffError(EOFError):
    """A file is truncated."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


def opened(file: io.FileIO, form: Form = AS_IT_IS) -> io.BufferedReader:
    """Return a stream of a file's bytes, from the first one. Closing it leaves ``file`` open.

    Reading raises OSError, :class:`CutOffError` or zlib.error if the file cannot be read further;
    everything before that point has been returned by then.
    """
    is_gzip = file.read(len(GZIP)) == GZIP
    file.seek(0)
    if not is_gzip and form == AS_IT_IS:
        return io.BufferedReader(file, _BUFFER_BYTES)
    parts: Iterator[bytes] = iter(lambda: file.read(_BLOCK_BYTES), b"")
    if is_gzip:
        parts = _inflated(parts)
    if form.utf16:
        parts = _as_utf8(parts, form.utf16)
    if form.is_array:
        parts = lines_of_array(parts)
    return io.BufferedReader(_Joined(parts), _BUFFER_BYTES)


class _Joined(io.RawIOBase):
    """Stream of the bytes of an iterator."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._rest))
        room[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _inflated(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the decompressed content of a gzip file with any number of members."""
    inflate = zlib.decompressobj(_ANY_GZIP)
    for part in parts:
        left = part
        while left:
            if inflate.eof:
                left = left.lstrip(b"\0")  # members may be padded
                if not left:
                    break
                inflate = zlib.decompressobj(_ANY_GZIP)
            yield inflate.decompress(left, _INFLATED_BYTES)
            left = inflate.unconsumed_tail or inflate.unused_data
    if not inflate.eof:
        raise CutOffError(Said("the compressed data is cut off", "压缩数据不完整"))


def _as_utf8(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield UTF-16 as UTF-8. Invalid characters stay invalid."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    is_first = True
    for part in parts:
        text = decoder.decode(part)
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        yield text.encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        raise CutOffError(Said("the last character is cut off", "最后一个字符不完整"))


_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*("?)|[\[\]{},]', re.DOTALL)
_NEWLINES: Final = bytes.maketrans(b"\r\n", b"  ")


def lines_of_array(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the elements of a JSON array as lines. Elements may be of any type."""
    array = _Array()
    for part in parts:
        found: list[bytes] = []
        try:
            found.extend(array.elements(part))
        except CutOffError:
            yield b"".join(found)
            raise
        yield b"".join(found)
    if not array.is_over:
        raise CutOffError(Said("the JSON array is cut off", "JSON 数组不完整"))


class _Array:
    """JSON array that is read in pieces."""

    def __init__(self) -> None:
        self.is_over = False
        self._rest = b""
        self._from = 0
        self._depth = 0

    def elements(self, part: bytes) -> Iterator[bytes]:
        """Yield the elements that end in the next piece, as lines."""
        if self.is_over:
            self._end(part)
            return
        text = self._rest + part
        begin, done = 0, self._from
        while (token := _TOKEN.search(text, done)) is not None:
            mark = token[0]
            if mark[:1] == b'"':
                if not token[1]:
                    done = token.start()  # its end is in the next piece
                    break
            elif mark in b"[{":
                self._depth += 1
                begin = token.end() if self._depth == 1 else begin
            elif mark in b"]}":
                self._depth -= 1
            if (mark == b"," and self._depth == 1) or self._depth == 0:
                yield from _line(text[begin : token.start()])
                begin = token.end()
            done = token.end()
            if self._depth == 0:
                self._end(text[done:])
                return
        else:
            done = len(text)
        self._rest, self._from = text[begin:], done - begin
        if len(self._rest) > MAX_ROW_BYTES:
            raise CutOffError(
                Said(
                    f"an element of the JSON array has over {MAX_ROW_BYTES} bytes",
                    f"JSON 数组的一个元素超过 {MAX_ROW_BYTES} 字节",
                )
            )

    def _end(self, behind: bytes) -> None:
        if behind.strip():
            raise CutOffError(
                Said("there is more data after the JSON array", "JSON 数组之后还有数据")
            )
        self.is_over = True
        self._rest, self._from = b"", 0


def _line(element: bytes) -> Iterator[bytes]:
    line = element.translate(_NEWLINES).strip()
    if line:
        yield line + b"\n"
