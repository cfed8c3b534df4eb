"""Diagnoses: why an awaited event did not arrive, and what to do next.

They are derived from what did arrive: nothing at all, unusable requests, earlier events, or events
that differ.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from growingio_collector.rules.bodies import UNREADABLE
from growingio_collector.rules.requests import UNKNOWN_PATH
from growingio_collector.store.filter import Filter
from growingio_collector.store.reading import count_all, count_events, find_events, find_requests
from growingio_collector.store.rows import Event
from growingio_wire.said import Said

_NAMED: Final = 5

_NOTHING: Final = Said("No request has reached the collector.", "采集器没有收到任何请求。")
_SEND_HERE: Final = Said(
    "Set the client's server host to {url}, and flush or close the client; on its machine, "
    "curl {url}/healthy-check must print OK.",
    "请把客户端的 server host 设为 {url}，并调用 flush 或 close；在客户端所在的机器上，"
    "curl {url}/healthy-check 应输出 OK。",
)
_WRONG_PATHS: Final = Said(
    "Requests to other paths: {count}; the newest was {target}.",
    "有 {count} 个请求发到了其他路径，最新的是 {target}。",
)
_UNREADABLE: Final = Said(
    "Requests that could not be read: {count}; reason for the newest: {why}",
    "有 {count} 个请求无法解析，最新的原因是：{why}",
)
_SEE_STEPS: Final = Said(
    "{fix} See: curl {url}/api/v1/requests/{id}/steps",
    "{fix}查看：curl {url}/api/v1/requests/{id}/steps",
)
_EARLIER: Final = Said(
    "Events that match, but are excluded by since or after: {count}; the newest has the id {id}.",
    "有 {count} 条符合条件，但早于 since 或 after，最新的 id 是 {id}。",
)
_SEE_EARLIER: Final = Said(
    "Omit since and after, or see: curl {url}/api/v1/events/{id}",
    "请去掉 since 和 after，或查看：curl {url}/api/v1/events/{id}",
)
_OTHER_PROJECT: Final = Said(
    "Nothing arrived for the project {wanted}; events arrived for {found}.",
    "项目 {wanted} 没有数据，收到的属于 {found}。",
)
_SET_PROJECT: Final = Said(
    "Configure the client with the project {wanted}, or ask for project={first}.",
    "请在客户端设置项目 {wanted}，或改为查询 project={first}。",
)
_OTHERS: Final = Said(
    "Events that do not match: {count} ({names}).",
    "收到 {count} 条事件，但没有符合条件的：{names}。",
)
_SEE_EVENTS: Final = Said(
    "See them: curl '{url}/api/v1/events?limit=10'",
    "查看：curl '{url}/api/v1/events?limit=10'",
)
_FEWER: Final = Said(
    "Events that match: {count}; no more arrived.", "符合条件的有 {count} 条，没有更多。"
)
_FLUSH: Final = Said(
    "Wait longer, or flush or close the client.", "请等待更久，或调用客户端的 flush 或 close。"
)


class Cause(NamedTuple):
    """One reason why nothing arrived, and what to do next."""

    found: Said
    next: Said

    def shown(self) -> dict[str, str]:
        """Return its JSON object."""
        texts = {"found": self.found.en, "next": self.next.en}
        return {**texts, "found_zh": self.found.zh, "next_zh": self.next.zh}


def why_nothing(path: Path, wanted: Filter, url: str) -> list[Cause]:
    """Return the reasons why not enough events match, the most likely first.

    :param path: the store.
    :param url: the collector's own address.
    """
    totals = count_all(path)
    if not totals.requests:
        return [Cause(_NOTHING, _SEND_HERE.with_values(url=url))]
    apart = Filter(run=wanted.run)
    return [
        *_matching(path, wanted),
        *_unusable(path, apart, url),
        *_early(path, wanted, url),
        *_different(path, wanted, apart, url),
    ]


def _matching(path: Path, wanted: Filter) -> Iterator[Cause]:
    count = count_events(path, wanted)
    if count:
        yield Cause(_FEWER.with_values(count=count), _FLUSH)


def _unusable(path: Path, apart: Filter, url: str) -> Iterator[Cause]:
    """Yield the causes in requests without any usable event."""
    # Requests to unknown paths belong to no run.
    lost = Filter(code=UNKNOWN_PATH.code)
    for newest in find_requests(path, lost, limit=1, newest=True):
        count = count_events(path, lost)
        _, fix = _explained(newest.id, path)
        said = _WRONG_PATHS.with_values(count=count, target=f"{newest.method} {newest.target}")
        yield Cause(said, fix)
    unread = msgspec.structs.replace(apart, kind="request")
    newest_unread = find_events(path, unread, limit=1, newest=True)
    if newest_unread and not _has(newest_unread[0], UNKNOWN_PATH.code):
        request = newest_unread[0].request_id
        why, fix = _explained(request, path)
        count = count_events(path, unread)
        said = _UNREADABLE.with_values(count=count, why=why)
        yield Cause(said, _SEE_STEPS.with_values(fix=fix, url=url, id=request))


def _has(event: Event, code: str) -> bool:
    return any(issue.code == code for issue in event.issues)


def _explained(request_id: int, path: Path) -> tuple[Said, Said]:
    """Return the problem of a request, and its fix."""
    found = find_events(path, Filter(request=request_id, kind="request"), limit=1)
    issues = [issue for event in found for issue in event.issues] or [UNREADABLE.issue()]
    return issues[0].found, issues[0].advice


def _early(path: Path, wanted: Filter, url: str) -> Iterator[Cause]:
    whenever = msgspec.structs.replace(wanted, since=None, after=None)
    if whenever == wanted or count_events(path, wanted):
        return
    newest = find_events(path, whenever, limit=1, newest=True)
    if newest:
        values = {"count": count_events(path, whenever), "id": newest[0].id, "url": url}
        yield Cause(_EARLIER.with_values(**values), _SEE_EARLIER.with_values(**values))


def _different(path: Path, wanted: Filter, apart: Filter, url: str) -> Iterator[Cause]:
    came = [event for event in find_events(path, apart) if event.kind != "request"]
    projects = Counter(event.project for event in came if event.project)
    if wanted.project and projects and wanted.project not in projects:
        found = [name for name, _ in projects.most_common(_NAMED)]
        values = {"wanted": wanted.project, "found": found, "first": found[0]}
        yield Cause(_OTHER_PROJECT.with_values(**values), _SET_PROJECT.with_values(**values))
    elif came and not count_events(path, msgspec.structs.replace(wanted, since=None, after=None)):
        names = Counter(event.name or event.type or event.kind for event in came)
        listed = [f"{count} × {name}" for name, count in names.most_common(_NAMED)]
        said = _OTHERS.with_values(count=len(came), names=listed)
        yield Cause(said, _SEE_EVENTS.with_values(url=url))
