"""An SDK that forgets one event and sends another twice, to try the comparison of losses on."""

from __future__ import annotations

import urllib.request

from benchmarks.losses.clients import Client, Report


def connect(server: str, report: Report) -> Client:
    tokens: list[str] = []

    def end() -> None:
        _forgotten, *sent = tokens
        body = " ".join([*sent, sent[0]]).encode()
        for content in (body, sent[0].encode()):
            urllib.request.urlopen(server, content, timeout=10).close()
        report("one event is forgotten")

    return Client(tokens.append, end)
