"""Checks of ``growingio doctor``: each examines one step on the way to the server."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from growingio_wire.said import NOTHING, Said

Status: TypeAlias = Literal["ok", "warn", "bad", "skipped"]


class Finding(Struct, frozen=True):
    """The result of one check.

    :param name: the subject, a short fixed word such as ``"dns"``.
    :param status: ``"ok"``; ``"warn"``: it works, but deserves a look; ``"bad"``: events are lost
        or cannot be sent because of it; ``"skipped"``: it was not checked.
    :param said: what was found.
    :param fix: what to do about it; empty if there is nothing to do.
    """

    name: str
    status: Status
    said: Said
    fix: Said = NOTHING
