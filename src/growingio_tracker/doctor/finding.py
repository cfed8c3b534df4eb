"""What a check found."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

Status: TypeAlias = Literal["ok", "warn", "bad", "skipped"]

NO_FIX: Final = ("", "")


class Finding(Struct, frozen=True):
    """What one check found.

    :param name: what was looked at, a short fixed word such as ``"dns"``.
    :param status: ``"ok"``; ``"warn"``: it works, but look at it; ``"bad"``: events are lost or
        cannot be sent because of it; ``"skipped"``: it was not looked at.
    :param sentence: what was found, in English; ``sentence_zh`` in Chinese.
    :param fix: what to do about it, in English; ``fix_zh`` in Chinese. Empty when nothing is to do.
    """

    name: str
    status: Status
    sentence: str
    sentence_zh: str
    fix: str = ""
    fix_zh: str = ""


def finding(name: str, status: Status, said: tuple[str, str], fix: tuple[str, str]) -> Finding:
    """Return a finding of sentences that come in pairs, English first."""
    return Finding(name, status, *said, *fix)
