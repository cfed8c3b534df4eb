"""What the probes share: their command line, and the connection to the sink."""

from __future__ import annotations

import argparse
import http.client
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from benchmarks.clients import Client


class Task(NamedTuple):
    """What a probe is asked to do."""

    server: str
    client: str
    strategy: str
    events: int

    def make(self) -> Client:
        client: Client = importlib.import_module(self.client).make(self.server, self.strategy)
        return client


class SinkCounts:
    """Asks the sink what it has counted."""

    def __init__(self, server: str) -> None:
        address = urlsplit(server)
        assert address.hostname is not None
        self._connection = http.client.HTTPConnection(address.hostname, address.port)

    def start(self, client: Client, delay_ms: int = 0) -> None:
        asked = {"marker": client.marker, "answer": client.answer, "delay_ms": delay_ms}
        self._get("/?" + urlencode(asked))

    def events(self) -> int:
        return self._get("/")[0]

    def bytes(self) -> int:
        return self._get("/")[1]

    def _get(self, path: str) -> list[int]:
        self._connection.request("GET", path)
        counts: list[int] = json.loads(self._connection.getresponse().read())
        return counts


def run(probe: Callable[[Task], Mapping[str, float]]) -> None:
    """Print what a probe finds, and end without delivering what still waits."""
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("client", nargs="?", default="")
    parser.add_argument("strategy", nargs="?", default="background")
    parser.add_argument("events", nargs="?", type=int, default=0)
    print(json.dumps(probe(Task(**vars(parser.parse_args())))))
    sys.stdout.flush()
    os._exit(0)
