"""LZ-String as the SDKs send it: a compressor, written from the decoder's side, and packings."""

from collections.abc import Iterable, Iterator

URI = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-$"


def _units(text: str) -> str:
    """Return ``text`` with every character outside the first plane as two halves."""
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(
        chr(int.from_bytes(data[place : place + 2], "little")) for place in range(0, len(data), 2)
    )


def _longest(entries: dict[str, int], text: str, place: int) -> str:
    found = ""
    for end in range(place + 1, len(text) + 1):
        if text[place:end] not in entries:
            break
        found = text[place:end]
    return found


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield numbers and their widths in bits."""
    entries: dict[str, int] = {}
    size, place, last = 3, 0, ""
    while place < len(text):
        width = size.bit_length()
        token = _longest(entries, text, place)
        itself = last + last[:1]
        if last and text.startswith(itself, place) and len(itself) > len(token):
            token = itself
            yield size, width
        elif token:
            yield entries[token], width
        else:
            token = text[place]
            wide = ord(token) > 0xFF
            yield int(wide), width
            yield ord(token), 16 if wide else 8
            entries[token] = size
            size += 1
        if last:
            entries.setdefault(last + token[0], size)
            size += 1
        last = token
        place += len(token)
    yield 2, size.bit_length()


def _packed(numbers: Iterable[tuple[int, int]], width: int) -> list[int]:
    bits = [number >> bit & 1 for number, count in numbers for bit in range(count)]
    bits += [0] * (-len(bits) % width)
    return [
        int("".join(map(str, bits[place : place + width])), 2)
        for place in range(0, len(bits), width)
    ]


def numbers_as_bytes(numbers: Iterable[tuple[int, int]]) -> bytes:
    """Pack any numbers, given with their widths in bits, as ``as_bytes`` does."""
    return b"".join(unit.to_bytes(2, "big") for unit in _packed(numbers, 16))


def _text(text: str) -> Iterator[tuple[int, int]]:
    return _numbers(_units(text))


def as_bytes(text: str) -> bytes:
    """Pack as the Web SDK does for POST with ``compress=1``."""
    return numbers_as_bytes(_text(text))


def as_uri(text: str) -> bytes:
    """Pack as the Web SDK does for images with ``compress=11``."""
    return "".join(URI[unit] for unit in _packed(_text(text), 6)).encode()


def as_utf16(text: str) -> bytes:
    """Pack as the mini-program SDK does under ``X-Compress-Codec: 1``."""
    return ("".join(chr(unit + 32) for unit in _packed(_text(text), 15)) + " ").encode()
