"""Rule of names that an object has several times: JSON parsers keep only one of the values."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, cast

from growingio_collector.rules.checked import MAX_KEY
from growingio_collector.rules.issue import WARN, Issue, rule
from growingio_wire.json_text import Pairs, WrittenNumber, verbatim_decoder
from growingio_wire.said import Said

NAME_GIVEN_TWICE: Final = rule(
    "name_given_twice",
    WARN,
    Said(
        "{path} is given {count} times; most servers, and this check, see only the last value, "
        "{shown}.",
        "{path} 出现了 {count} 次；多数服务器和这里的检查只看最后一个值 {shown}。",
    ),
    Said(
        "Send each name once; join several values of an attribute with ||.",
        "每个名称只发送一次；一个属性有多个值时请用 || 连接。",
    ),
    headline=Said("A name that is given more than once", "同一名称出现多次"),
)

_MOST: Final = 20
"""Maximum number of issues for one message; more would not help."""

_SHOWN: Final = 40
"""Characters shown of a value."""


_DECODER: Final = verbatim_decoder()


def name_issues(text: bytes) -> Iterator[Issue]:
    """Yield issues for repeated names in a message of well-formed JSON."""
    yield from islice(_repeated("", _DECODER.decode(text.decode())), _MOST)


def _repeated(path: str, value: object) -> Iterator[Issue]:
    if isinstance(value, Pairs):
        yield from _repeated_here(path, value)
    for step, one in _inside(value):
        yield from _repeated(path + step, one)


def _repeated_here(path: str, members: Pairs) -> Iterator[Issue]:
    last = dict(members)
    if len(last) == len(members):
        return
    for name, count in Counter(name for name, _ in members).items():
        if count > 1:
            place = _encodable(path + _step(name)).removeprefix(".")
            yield NAME_GIVEN_TWICE.issue(place, count=count, shown=_shown(last[name]))


def _inside(value: object) -> Iterable[tuple[str, object]]:
    if isinstance(value, Pairs):
        return ((_step(name), one) for name, one in value)
    elements = cast("list[object]", value) if isinstance(value, list) else []
    return ((f"[{seq}]", one) for seq, one in enumerate(elements))


def _step(name: str) -> str:
    return f".{name[:MAX_KEY]}"


def _shown(value: object) -> str:
    if isinstance(value, WrittenNumber):
        return value[:_SHOWN]
    if isinstance(value, list):
        return "{…}" if isinstance(value, Pairs) else "[…]"
    return _encodable(json.dumps(value, ensure_ascii=False)[:_SHOWN])


def _encodable(text: str) -> str:
    """Return ``text`` without lone surrogates, which cannot be encoded."""
    return text.encode(errors="replace").decode()
