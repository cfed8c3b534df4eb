"""What is proposed for a body that could not be read."""

from contextlib import suppress
from typing import Final

from growingio_tracker.collector.decode.codings import known_coding
from growingio_tracker.collector.decode.envelope import Envelope
from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.foreign import foreign_compression
from growingio_tracker.collector.decode.guess import KeyReading, find_key
from growingio_tracker.collector.decode.xor import key_of, unmask
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.wire import Kind

_PUZZLING: Final = frozenset(
    {
        "no_messages",
        "not_json",
        "not_lz4",
        "not_lz_string",
        "not_protobuf",
        "not_snappy",
        "too_large_decoded",
        "unknown_codec",
        "wrong_list_field",
        "xor_key_not_a_number",
        "xor_without_key",
    }
)
"""Codes that a wrong declaration may have caused; the others are what they say."""


def is_puzzling(problem: Problem) -> bool:
    """Tell whether trying other ways makes sense."""
    return problem.code in _PUZZLING


def diagnose(kind: Kind, envelope: Envelope, body: bytes) -> Problem | None:
    """Return what is really wrong with ``body``; None when nothing that was tried reads it."""
    foreign = _foreign(envelope, body)
    if foreign:
        return Problem("foreign_compression", values={"found": foreign})
    found = find_key(kind, body, known_coding(envelope))
    return _about_key(envelope, found) if found else None


def _foreign(envelope: Envelope, body: bytes) -> str | None:
    found = foreign_compression(body)
    if found or envelope.crypt != "1":
        return found
    with suppress(DecodeError):
        return foreign_compression(unmask(body, key_of(envelope.stm, envelope.x_timestamp).byte))
    return None


def _about_key(envelope: Envelope, found: KeyReading) -> Problem | None:
    form = found.reading.form
    if found.key == 0:
        return Problem("not_encrypted", values={"form": form})
    good = f"0x{found.key:02x}"
    if envelope.crypt != "1":
        return Problem("encrypted_undeclared", values={"good": good, "form": form})
    try:
        given = key_of(envelope.stm, envelope.x_timestamp)
    except DecodeError:
        return Problem("key_not_given", values={"good": good, "form": form})
    values: dict[str, str | int] = {"given": f"0x{given.byte:02x}", "source": given.source}
    return Problem("wrong_key", values={**values, "good": good, "form": form})
