"""Values that must not be stored, replaced before they are."""

import json
import re
from typing import Any, Final, cast

import msgspec

from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import Step
from growingio_tracker.collector.store import Received

MASK: Final = "***"

_COLUMNS: Final = {
    "eventName": "name",
    "key": "name",
    "userKey": "user_key",
    "userId": "user_id",
    "deviceId": "device_id",
}
"""The keys of a message whose values are columns too."""

_DATA: Final = re.compile(r"([?&]data=).*", re.DOTALL)
_STEP: Final = Step(
    "redacted",
    "the body is not kept, because it holds what is to be hidden",
    detail_zh="请求体含有需要隐藏的内容，因此不保留",
)


class Redaction:
    """Hides the values of ``keys``, at any depth of a message, and the bodies that hold them."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = frozenset(keys)
        self._columns = {column for key, column in _COLUMNS.items() if key in self._keys}

    def __call__(self, received: Received) -> Received:
        """Return what may be stored of ``received``."""
        if not self._keys:
            return received
        return received._replace(
            body=b"",
            target=_DATA.sub(rf"\g<1>{MASK}", received.target),
            steps=[*received.steps, _STEP],
            findings=[self._finding(finding) for finding in received.findings],
        )

    def _finding(self, finding: Finding) -> Finding:
        hidden = {column: MASK for column in self._columns if getattr(finding, column) is not None}
        return msgspec.structs.replace(
            finding,
            **cast("dict[str, Any]", hidden),
            text=None if finding.text is None else self._text(finding.text),
            problems=tuple(map(self._problem, finding.problems)),
        )

    def _problem(self, problem: Problem) -> Problem:
        if self._keys.isdisjoint(re.split(r"[.\[\]]", problem.path)):
            return problem
        values = {
            name: MASK if isinstance(value, str) else value
            for name, value in problem.values.items()
        }
        return Problem(problem.code, problem.path, values)

    def _text(self, text: str) -> str:
        try:
            return msgspec.json.encode(self._value(msgspec.json.decode(text))).decode()
        except msgspec.ValidationError:
            # Numbers such as 1e999 are JSON, but only the standard library reads them.
            return json.dumps(self._value(json.loads(text)))

    def _value(self, value: object) -> object:
        if isinstance(value, dict):
            members = cast("dict[str, object]", value).items()
            return {key: MASK if key in self._keys else self._value(one) for key, one in members}
        if isinstance(value, list):
            return [self._value(one) for one in cast("list[object]", value)]
        return value
