"""All checks, in the order in which one needs the other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Final

from growingio_tracker.config.build import FORMATS
from growingio_tracker.doctor.asking import Asker
from growingio_tracker.doctor.configuring import Read
from growingio_tracker.doctor.encoding import look_at_format
from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.doctor.proxies import look_at_proxy, look_at_tunnel
from growingio_tracker.doctor.reaching import connect, look_up
from growingio_tracker.doctor.recognising import recognise_collector
from growingio_tracker.doctor.target import Target, make_target
from growingio_tracker.doctor.tls import look_at_tls
from growingio_tracker.exceptions import GrowingParamException

TIMEOUT_S: Final = 5.0

_ON_THE_WAY: Final[tuple[Callable[[Target], Finding | None], ...]] = (
    look_at_proxy,
    look_up,
    connect,
    look_at_tunnel,
    look_at_tls,
)


def examine(read: Read, *, timeout_s: float = TIMEOUT_S, send: bool = False) -> Iterator[Finding]:
    """Yield what each check finds, as soon as it is done.

    :param read: the configuration.
    :param timeout_s: seconds that each step may take; above 0.
    :param send: send one test event in each format, too; otherwise no event is sent.
    """
    yield from read.findings
    try:
        target = make_target(read.settings, timeout_s)
    except GrowingParamException as error:
        yield _no_server(read, error)
        return
    reachable = yield from _way(target)
    formats = [look_at_format(target, form) for form in FORMATS]
    yield from formats
    if not reachable:
        return
    with closing(Asker(target)) as asker:
        yield from asker.look_at_answer()
        if (recognised := recognise_collector(target)) is not None:
            yield recognised
        if send:
            usable = [
                form for form, one in zip(FORMATS, formats, strict=True) if one.status == "ok"
            ]
            yield from map(asker.send, usable)


def _way(target: Target) -> Generator[Finding, None, bool]:
    """Yield what is found on the way to the server; return whether it leads there."""
    for look in _ON_THE_WAY:
        found = look(target)
        if found is None:
            continue
        yield found
        if found.status == "bad":
            yield _NOT_ASKED
            return False
    return True


_NOT_ASKED: Final = finding(
    "answer", "skipped", ("the server was not asked", "没有向服务器发出请求"), NO_FIX
)


def _no_server(read: Read, error: GrowingParamException) -> Finding:
    # A file that cannot be read has no server_host, either, which nobody needs to be told.
    if not read.shown or any("server_host" in one.sentence for one in read.findings):
        return _NOT_ASKED
    return finding("configuration", "bad", (str(error), f"配置有误：{error}"), _CORRECT_HOST)


_CORRECT_HOST: Final = (
    "Set server_host to the address of the collect server.",
    "请把 server_host 设为采集服务器的地址。",
)
