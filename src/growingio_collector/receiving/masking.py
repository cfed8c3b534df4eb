"""Masking of credentials and configured keys before anything is stored."""

import re
from typing import Any, Final, cast

from msgspec.structs import replace

from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.issue import Issue
from growingio_collector.store.received import Received
from growingio_collector.store.rows import Step
from growingio_wire.json_text import encode, written_elements, written_members
from growingio_wire.table import MASK

_COLUMNS: Final = {
    "eventName": "name",
    "key": "name",
    "userKey": "user_key",
    "userId": "user_id",
    "deviceId": "device_id",
}
"""Keys of a message whose values are also stored in columns."""

_DATA: Final = re.compile(r"([?&]data=).*", re.DOTALL)
_STEP: Final = Step(
    "redacted",
    "the body is not stored, because it contains values to be masked",
    detail_zh="请求体含有需要遮盖的内容，因此不保留",
)


_MASKED: Final = encode(MASK)

CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers, in lower case, with which anyone could impersonate the sender."""


def is_masked(name: str, value: str) -> bool:
    """Tell whether a stored header is a masked credential."""
    return value == MASK and name.lower() in CREDENTIALS


class Credentials:
    """Masks the credentials in a request's headers and target.

    :param token: the collector's own token, or None; it is never stored.
    :param keep: whether to keep the client's credentials, such as cookies.
    """

    def __init__(self, token: str | None, *, keep: bool) -> None:
        self._token = token
        self._masked: frozenset[str] = frozenset() if keep else CREDENTIALS

    def __call__(self, received: Received) -> Received:
        """Return what may be stored of ``received``."""
        return replace(
            received,
            target=self._text(received.target),
            headers=[(name, self._header(name, value)) for name, value in received.headers],
        )

    def _header(self, name: str, value: str) -> str:
        return MASK if name.lower() in self._masked else self._text(value)

    def _text(self, text: str) -> str:
        return text.replace(self._token, MASK) if self._token else text


class Redaction:
    """Masks the values of ``keys`` at any depth of a message, and removes bodies."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = frozenset(keys)
        self._columns = {column for key, column in _COLUMNS.items() if key in self._keys}

    def __call__(self, received: Received) -> Received:
        """Return what may be stored of ``received``."""
        if not self._keys:
            return received
        return replace(
            received,
            body=b"",
            target=_DATA.sub(rf"\g<1>{MASK}", received.target),
            steps=[*received.steps, _STEP],
            messages=[self._message(message) for message in received.messages],
        )

    def _message(self, message: CheckedMessage) -> CheckedMessage:
        hidden = {column: MASK for column in self._columns if getattr(message, column) is not None}
        return replace(
            message,
            **cast("dict[str, Any]", hidden),
            text=None if message.text is None else self._text(message.text.encode()).decode(),
            issues=tuple(map(self._issue, message.issues)),
        )

    def _issue(self, issue: Issue) -> Issue:
        if self._keys.isdisjoint(re.split(r"[.\[\]]", issue.path)):
            return issue
        values = {
            name: MASK if isinstance(value, str) else value for name, value in issue.values.items()
        }
        return Issue(issue.code, issue.level, issue.path, values)

    def _text(self, text: bytes) -> bytes:
        # Only masked values may change: numbers stay as they were written.
        if text[:1] == b"{":
            members = written_members(text).items()
            return b"{%b}" % b",".join(self._member(key, bytes(value)) for key, value in members)
        if text[:1] == b"[":
            elements = written_elements(text)
            return b"[%b]" % b",".join(self._text(bytes(value)) for value in elements)
        return text

    def _member(self, key: str, value: bytes) -> bytes:
        return b"%b:%b" % (encode(key), _MASKED if key in self._keys else self._text(value))
