"""The record of how a body was decoded, step by step."""

from typing import Final, NamedTuple

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.rows import Step

_SHOWN: Final = 32
"""Bytes of each step's output that are shown."""


class Said(NamedTuple):
    """The same detail in both languages."""

    en: str
    zh: str


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
        self.steps.append(
            Step(
                name,
                error.problem.sentence,
                ok=False,
                in_bytes=len(taken),
                offset=error.offset,
                detail_zh=error.problem.sentence_zh,
            )
        )
