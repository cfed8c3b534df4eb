"""Record of the steps in which a body was decoded."""

from typing import Final

import msgspec

from growingio_collector.rules.issue import as_issue
from growingio_wire.errors import DecodeError
from growingio_wire.said import Said

_SHOWN: Final = 32
"""Bytes of each step's output that are shown."""


class Step(msgspec.Struct, frozen=True):
    """One step that made messages of a body: ``name`` (``"xor"``), ``detail`` (the key used).

    ``detail_zh`` says the same as ``detail`` in Chinese. ``ok`` is False for the step that
    failed; its ``detail`` is the reason, and ``offset`` the place in its input, in bytes, where
    it failed. ``in_bytes`` and ``out_bytes``
    are the sizes before and after; ``head_hex`` the first bytes of the output, in hexadecimal.
    None means that it is not known or there is none.
    """

    name: str
    detail: str
    ok: bool = True
    in_bytes: int | None = None
    out_bytes: int | None = None
    head_hex: str = ""
    offset: int | None = None
    detail_zh: str = ""


class Trail:
    """The steps so far; ``steps`` grows with each of them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def output(self, name: str, said: Said, taken: bytes, given: bytes) -> bytes:
        """Note a step that made ``given`` out of ``taken``, and return ``given``."""
        self.steps.append(
            Step(
                name,
                said.en,
                in_bytes=len(taken),
                out_bytes=len(given),
                head_hex=given[:_SHOWN].hex(" "),
                detail_zh=said.zh,
            )
        )
        return given

    def messages(self, name: str, taken: bytes, count: int) -> None:
        """Note a step that read ``count`` messages from ``taken``."""
        detail = f"{count:,} message{'s' * (count != 1)}"
        self.steps.append(Step(name, detail, in_bytes=len(taken), detail_zh=f"{count:,} 条消息"))

    def failure(self, name: str, taken: bytes, error: DecodeError) -> None:
        """Note a step that failed on ``taken``."""
        found = as_issue(error).found
        self.steps.append(
            Step(
                name,
                found.en,
                ok=False,
                in_bytes=len(taken),
                offset=error.offset,
                detail_zh=found.zh,
            )
        )
