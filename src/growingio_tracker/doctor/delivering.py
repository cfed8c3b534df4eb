"""Delivering one event, and what the server said to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress

from growingio_tracker.config.build import Configuration, at_once, build, usable
from growingio_tracker.config.settings import Settings
from growingio_tracker.doctor.answers import explain
from growingio_tracker.doctor.finding import Finding
from growingio_tracker.exceptions import GrowingIOException, RejectedError
from growingio_tracker.tracker import GrowingTracker
from growingio_tracker.transport.base import Request, Response
from growingio_tracker.transport.endpoints import base_url
from growingio_tracker.transport.http import HttpTransport


class _Noting:
    """HTTP that keeps the last answer. It is made of settings that a consumer has checked."""

    def __init__(self, settings: Settings) -> None:
        self.answer: Response | None = None
        self._settings = settings

    def exchange(self, request: Request) -> Response:
        settings = self._settings
        verify_cert = settings["verify_cert"].value if "verify_cert" in settings else True
        host = base_url(settings["server_host"].value)
        with closing(HttpTransport(host, verify_cert=verify_cert, connections=1)) as transport:
            self.answer = transport.exchange(request)
        return self.answer

    def close(self) -> None:
        """Nothing is kept open."""


def deliver(configuration: Configuration, track: Callable[[GrowingTracker], object]) -> Finding:
    """Let ``track`` track one event, deliver it, and return what the server's answer means.

    :raises GrowingParamException: when the configuration or the event cannot be used.
    :raises MissingExtraError: when the format needs a package that is not installed.
    :raises GrowingIOException: when no answer came, or sending is switched off.
    """
    noting = _Noting(usable(configuration))
    made = build(at_once(configuration), GrowingTracker.consumer, noting)
    with made as tracker, suppress(RejectedError):  # the answer itself says more
        track(tracker)
    if noting.answer is None:
        raise GrowingIOException(
            "sending is switched off, and nothing was sent; remove GROWINGIO_DISABLED, or set "
            "disabled = false"
        )
    return explain("answer", noting.answer)
