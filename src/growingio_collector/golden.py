"""Golden runs: the events of a run as a short text for git, and its difference from another run.

The text is YAML: one entry for each user, with the user's events in order, followed by items, user
mappings and unreadable requests. Times, generated ids and the order between users are left out, so
that runs which send the same events have the same text.
"""

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from growingio_collector.store.rows import Event
from growingio_wire.errors import invalid
from growingio_wire.json_text import as_text, compact, written_attributes, written_members
from growingio_wire.table import Kind

_HEAD: Final = (
    "# What a run sent to the GrowingIO collector, without times and generated ids.\n"
    "# Do not edit it: let the run write it again, and look at the difference.\n"
)
_VARYING: Final = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<uuid>"),
    (
        re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
        "<time>",
    ),
    (re.compile(r"(?<![\w.-])1\d{9}(?:\.\d+|\d{3})?(?![\w.])"), "<time>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}\b", re.IGNORECASE), "<id>"),
)
"""Values that vary between runs: UUIDs, times as text or Unix numbers, long hexadecimals."""

_PLAIN: Final = re.compile(r"[A-Za-z_][\w .-]*[\w]|[A-Za-z_]", re.ASCII)
_HIDDEN: Final = '"<hidden>"'
_OTHERS: Final = {Kind.ITEM.value: "items", Kind.MAPPING.value: "mappings"}


def snapshot(events: Iterable[Event], hide: Collection[str] = ()) -> str:
    """Return the text of a run.

    :param events: the run's events, oldest first.
    :param hide: attributes whose values differ from run to run.
    """
    users: defaultdict[tuple[str | None, ...], list[str]] = defaultdict(list)
    others: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.kind == Kind.EVENT.value:
            users[event.user_key, event.user_id, event.device_id].append(_line(event, hide))
        else:
            others[_OTHERS.get(event.kind, "unreadable")].append(_line(event, hide))
    named = sorted((_name(*user), lines) for user, lines in users.items())
    blocks = [_block(f"user: {_scalar(name)}", lines) for name, lines in named]
    blocks += [_block(f"all: {kind}", sorted(lines)) for kind, lines in sorted(others.items())]
    return _HEAD + "".join(blocks)


def difference(golden: Path, found: str) -> str:
    """Return a diff between ``found`` and the text in a file; empty if they are equal.

    Comments and empty lines are ignored.

    :raises GrowingParamException: if the file cannot be read.
    """
    try:
        text = golden.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise invalid(
            f"{golden} does not exist. Create it from a run: growingio collector run "
            "--golden FILE --update, or pytest --growingio-update.",
            f"{golden} 不存在。请先运行一次以写入该文件：growingio collector run --golden FILE "
            "--update，或 pytest --growingio-update。",
            "golden",
            code="missing",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise invalid(
            f"{golden} cannot be read: {error}", f"无法读取 {golden}：{error}", "golden"
        ) from error
    before, after = list(_meant(text)), list(_meant(found))
    lines = difflib.unified_diff(before, after, str(golden), "this run", lineterm="")
    return "\n".join(lines)


def write(golden: Path, text: str) -> None:
    """Write the text of a run to a file.

    :raises GrowingParamException: if it cannot be written.
    """
    try:
        golden.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise invalid(
            f"{golden} cannot be written: {error}", f"无法写入 {golden}：{error}", "golden"
        ) from error


def _meant(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.rstrip()


def _block(head: str, lines: list[str]) -> str:
    return f"- {head}\n  sent:\n" + "".join(f"    - {line}\n" for line in lines)


def _name(user_key: str | None, user_id: str | None, device_id: str | None) -> str:
    if user_id:
        return _steady(f"{user_key}={user_id}" if user_key else user_id)
    return f"device {_steady(device_id)}" if device_id else "nobody"


def _line(event: Event, hide: Collection[str]) -> str:
    """Return one message: its kind and name, and its attributes by name."""
    if event.kind == "request":
        return _scalar(" ".join(issue.code for issue in event.issues))
    members = written_attributes(event.raw)
    shown = [
        f"{json.dumps(key, ensure_ascii=False)}: {_HIDDEN if key in hide else _value(bytes(value))}"
        for key, value in sorted(members.items())
    ]
    head = _scalar(_what(event))
    return f"{head}: {{{', '.join(shown)}}}" if shown else head


def _what(event: Event) -> str:
    if event.kind == Kind.ITEM.value:
        own = as_text(written_members(event.raw).get("id", ""))
        return _steady(f"{event.name or ''} {own}".strip())
    return " ".join(part for part in (event.type, event.name) if part) or event.kind


def _value(text: bytes) -> str:
    """Return a value as it was written, with varying parts replaced."""
    if text[:1] == b'"':
        return json.dumps(_steady(json.loads(text)), ensure_ascii=False)
    steady = _steady(compact(text).decode())
    # A number whose integer part was replaced as a time is no longer a number.
    return json.dumps(steady) if steady.startswith("<") else steady


def _steady(text: str) -> str:
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return text


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
