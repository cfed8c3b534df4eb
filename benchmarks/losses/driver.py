"""The program that is put through a scenario, the same for every SDK.

Its arguments: the module of the client, the server's address, and the program as JSON. It writes
one line to its standard output as soon as each thing has happened: ``+token`` a call returned,
``-token`` a call raised, ``!text`` the SDK said something.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import sys
import time
from typing import NamedTuple

from benchmarks.losses.clients import Client
from benchmarks.losses.tokens import make_token

GRACE_S = 30
"""What a process gets to end after its last call, as from Kubernetes by default."""


class Program(NamedTuple):
    """What a process does with its SDK."""

    run: str
    first: int
    events: int
    per_second: int
    way: str
    """How it ends: a name in `WAYS`."""
    calls_s: int
    """Stops calling after so many seconds, even if events are left: some SDKs' calls block."""


def main() -> None:
    module, server, program = sys.argv[1], sys.argv[2], Program(*json.loads(sys.argv[3]))
    logging.getLogger().addHandler(_Listener(logging.WARNING))
    client: Client = importlib.import_module(module).connect(server, _report)
    WAYS[program.way](client, program)


def end(client: Client, program: Program) -> None:
    """Track, make the documented last call, end."""
    _track(client, program)
    _end(client)


def leave(client: Client, program: Program) -> None:
    """Track and end, without the documented last call."""
    _track(client, program)


def leave_at_sigterm(client: Client, program: Program) -> None:
    """Track until SIGTERM, whose handler calls sys.exit."""
    signal.signal(signal.SIGTERM, lambda *_: _exit_within_grace())
    _track(client, program)


def fork(client: Client, program: Program) -> None:
    """Track half, fork, track a quarter in each process; both make the documented last call."""
    half, quarter = program.events // 2, program.events // 4
    _track(client, program._replace(events=half))
    child = os.fork()
    first = program.first + half + (quarter if child == 0 else 0)
    _track(client, program._replace(first=first, events=quarter))
    _end(client)
    if child:
        os.waitpid(child, 0)


WAYS = {"end": end, "leave": leave, "leave_at_sigterm": leave_at_sigterm, "fork": fork}


def _track(client: Client, program: Program) -> None:
    signal.alarm(program.calls_s + GRACE_S)
    begin = time.monotonic()
    for position in range(program.events):
        time.sleep(max(0, begin + position / program.per_second - time.monotonic()))
        if time.monotonic() - begin > program.calls_s:
            break
        _track_one(client, make_token(program.run, program.first + position))
    signal.alarm(GRACE_S)


def _track_one(client: Client, token: str) -> None:
    try:
        client.track(token)
    except Exception as error:
        _report(repr(error))
        _write("-", token)
    else:
        _write("+", token)


def _end(client: Client) -> None:
    try:
        client.end()
    except Exception as error:
        _report(repr(error))


def _exit_within_grace() -> None:
    signal.alarm(GRACE_S)
    sys.exit(0)


class _Listener(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _report(record.name, record.getMessage())


def _report(*details: object) -> None:
    _write("!", " ".join(str(detail) for detail in details)[:200].replace("\n", " "))


def _write(mark: str, text: str) -> None:
    os.write(1, f"{mark}{text}\n".encode())  # unbuffered, and in one piece from any process


if __name__ == "__main__":
    main()
