"""Examination: all checks, in the order in which they depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Final

from growingio_cli.doctor import Finding
from growingio_cli.doctor.asking import Asker, look_at_format
from growingio_cli.doctor.configuration import CheckedConfiguration
from growingio_cli.doctor.connection import connect, look_at_proxy, look_at_tunnel, look_up
from growingio_cli.doctor.setup import Setup, make_setup
from growingio_cli.doctor.tls import WITHOUT_FILE, look_at_tls
from growingio_tracker.config.keys import FORMATS
from growingio_wire.errors import GrowingParamException
from growingio_wire.said import Said

TIMEOUT_S: Final = 5.0

_ON_THE_WAY: Final[tuple[Callable[[Setup], Finding | None], ...]] = (
    look_at_proxy,
    look_up,
    connect,
    look_at_tunnel,
    look_at_tls,
)


def examine(
    read: CheckedConfiguration, *, timeout_s: float = TIMEOUT_S, send: bool = False
) -> Iterator[Finding]:
    """Yield each finding as soon as its check is done.

    :param read: the configuration.
    :param timeout_s: seconds that each step may take; above 0.
    :param send: send one test event in each format, too; otherwise no event is sent.
    """
    yield from read.findings
    try:
        setup = make_setup(read.settings, timeout_s)
    except GrowingParamException:
        yield _NOT_ASKED  # the configuration's findings say why
        return
    reachable = yield from _way(setup)
    formats = [look_at_format(setup, form) for form in FORMATS]
    yield from formats
    if not reachable:
        return
    with closing(Asker(setup)) as asker:
        yield from asker.look_at_answer()
        if send:
            usable = [
                form for form, one in zip(FORMATS, formats, strict=True) if one.status == "ok"
            ]
            yield from map(asker.send, usable)


def _way(setup: Setup) -> Generator[Finding, None, bool]:
    """Yield what is found on the way to the server; return whether it leads there."""
    for look in _ON_THE_WAY:
        found = look(setup)
        if found is None:
            continue
        yield found
        if found.status == "bad" or found is WITHOUT_FILE:
            yield _NOT_ASKED
            return False
    return True


_NOT_ASKED: Final = Finding(
    "answer", "skipped", Said("the server was not asked", "没有向服务器发出请求")
)
