"""What ``growingio decode`` prints of one request."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from growingio_tracker.collector import paths
from growingio_tracker.collector.check import examine
from growingio_tracker.collector.clients import name_client
from growingio_tracker.collector.decode import Decoded, Message, decode_request
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.recorded import Recorded
from growingio_tracker.collector.rows import Step
from growingio_tracker.collector.terminal import harmless
from growingio_tracker.wire import Kind

_NAME_WIDTH: Final = 10


class Report(NamedTuple):
    """The lines about one request, and whether it could be decoded."""

    lines: list[str]
    decoded: bool


class _Words(NamedTuple):
    """The words of one language around what the catalogue says."""

    failed: str
    at: str
    fix: str
    message: str


_ENGLISH: Final = _Words("failed", "at byte {}", "Fix", "Message {} of {}")
_CHINESE: Final = _Words("失败", "位于第 {} 字节", "修改建议", "第 {} 条消息，共 {} 条")


def report(request: Recorded, chinese: bool) -> Report:
    """Decode ``request`` and return what there is to say about it."""
    kind, decoded = _decoded(request)
    lines = [_title(request, decoded), *_Lines(chinese).of(kind, decoded)]
    return Report([harmless(line) for line in lines], decoded.reason is None)


def _decoded(request: Recorded) -> tuple[Kind, Decoded]:
    path, _, query = request.target.partition("?")
    target = paths.match(path)
    if target is None:
        # The Java SDK looks at the root before it sends anything.
        looks = (request.method, path) == ("GET", "/")
        return Kind.EVENT, Decoded(reason=None if looks else paths.unknown(path))
    parts = (request.method, query, request.headers, request.body)
    return target.kind, decode_request(target.kind, *parts)


def _title(request: Recorded, decoded: Decoded) -> str:
    path, _, query = request.target.partition("?")
    headers = {name.lower(): value for name, value in request.headers}
    client = name_client(headers, query, decoded.messages)
    return f"{request.method} {path}" + (f"  ({client})" if client else "")


class _Lines:
    """The lines about a decoded body in one language."""

    def __init__(self, chinese: bool) -> None:
        self._chinese = chinese
        self._words = _CHINESE if chinese else _ENGLISH

    def of(self, kind: Kind, decoded: Decoded) -> Iterator[str]:
        """Yield the steps, then the reason, then every message with its problems."""
        for step in decoded.steps:
            yield f"  {step.name:{_NAME_WIDTH}} {self._step(step)}"
        if decoded.reason:
            yield from self._problems([decoded.reason])
        for number, message in enumerate(decoded.messages, 1):
            yield self._words.message.format(number, len(decoded.messages))
            yield from self._message(kind, message)

    def _step(self, step: Step) -> str:
        if step.ok:
            detail = step.detail_zh if self._chinese else step.detail
            return f"{detail}  {step.head_hex}".rstrip()
        # The reason comes below, in the language asked for.
        place = "" if step.offset is None else f" {self._words.at.format(step.offset)}"
        return self._words.failed + place

    def _message(self, kind: Kind, message: Message) -> Iterator[str]:
        if message.text is not None:
            pretty = msgspec.json.format(message.text, indent=2)
            yield from pretty.decode("utf-8", "replace").split("\n")
        yield from self._problems(examine(kind, message).problems)

    def _problems(self, problems: Iterable[Problem]) -> Iterator[str]:
        for problem in problems:
            sentence = problem.sentence_zh if self._chinese else problem.sentence
            fix = problem.fix_zh if self._chinese else problem.fix
            yield f"  {problem.level:4} {sentence}"
            yield f"       {self._words.fix}: {fix}"
