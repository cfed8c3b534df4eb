"""The record of how a body was decoded, step by step."""

from typing import Final

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.rows import Step

_SHOWN: Final = 32
"""Bytes of each step's output that are shown."""


class Trail:
    """The steps so far; ``steps`` grows with each of them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def output(self, name: str, detail: str, taken: bytes, given: bytes) -> bytes:
        """Note a step that made ``given`` out of ``taken``, and return ``given``."""
        head = given[:_SHOWN].hex(" ")
        self.steps.append(
            Step(name, detail, in_bytes=len(taken), out_bytes=len(given), head_hex=head)
        )
        return given

    def messages(self, name: str, taken: bytes, count: int) -> None:
        """Note a step that read ``count`` messages from ``taken``."""
        detail = f"{count:,} message{'s' * (count != 1)}"
        self.steps.append(Step(name, detail, in_bytes=len(taken)))

    def failure(self, name: str, taken: bytes, error: DecodeError) -> None:
        """Note a step that failed on ``taken``."""
        sentence = error.problem.sentence
        self.steps.append(Step(name, sentence, ok=False, in_bytes=len(taken), offset=error.offset))
