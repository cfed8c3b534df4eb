"""amplitude-analytics."""

from __future__ import annotations

from amplitude import Amplitude, BaseEvent, Config

from benchmarks.losses.clients import Client, Report

ACCEPTED = 200


def connect(server: str, report: Report) -> Client:
    def called_back(event: object, code: int, message: object) -> None:
        if code != ACCEPTED:
            report(code, message)

    amplitude = Amplitude("key", Config(server_url=f"{server}/2/httpapi", callback=called_back))
    return Client(
        lambda token: amplitude.track(BaseEvent(token, user_id="user-1")), amplitude.shutdown
    )
