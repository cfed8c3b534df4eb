"""Random requests and damaged rows for a collector, and what must stay true whatever they are."""

from __future__ import annotations

import base64
import json
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import urllib3

from growingio_collector import Collector
from tree import CAPTURES

BITES: Final = [
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\x00", b"\xff", b"\\ud800"),
    *(b"9" * 4301, b"1e999", b"NaN", b"1.0", b"null", b"[" * 3000, b'{"a":' * 200),
]
TARGETS: Final = [
    "/v3/projects/p/collect",
    "/projects/p/collect/item",
    "/projects/p/collect/user-mapping",
    "/run/r/v3/projects/p/collect",
    "/v3/projects/p/collekt",
]
QUERIES: Final = ["", "?stm=1", "?stm=x", "?stm=1&compress=1", "?stm=1&compress=11", "?compress=0"]
HEADERS: Final = {
    "Content-Type": ["application/json", "application/protobuf", "text/plain"],
    "X-Compress-Codec": ["0", "1", "2", "3", "x"],
    "X-Crypt-Codec": ["0", "1", "x"],
    "X-Timestamp": ["1", "x"],
}
COLUMNS: Final = {
    "event": ["json", "name", "type", "user_id", "user_key", "device_id", "kind", "verdict"],
    "request": ["headers", "steps", "reason", "target", "method", "client"],
    "problem": ["details", "code", "path", "level"],
}
VIEWS: Final = [
    *("events", "events?q=x", "events?attr.a=1", "items", "mappings", "requests", "summary"),
    *("problems", "properties", "identities", "export", "export?format=csv", "forward"),
    *("export?format=requests", "wait?timeout=0&name=pay", "info"),
]
SLOW_S: Final = 20.0


class Fuzz:
    """One run over a collector with a file at hand; ``seed`` makes the same run again."""

    def __init__(self, collector: Collector, seed: int) -> None:
        self._collector = collector
        self._dice = random.Random(seed)
        self._http = urllib3.PoolManager(retries=False, timeout=SLOW_S)
        self._recorded = list(_recorded())
        self.sent = 0

    def close(self) -> None:
        self._http.clear()

    def round(self) -> None:
        """Send some requests, look at everything, damage what is stored, and look again."""
        for _ in range(20):
            self.send()
        self.look()
        self.damage()
        self.look()
        self._collector.clear()

    def send(self) -> None:
        """Send one broken request, which must be answered 204 and be a row."""
        body, headers, target = self._request()
        before = self._collector.totals().requests
        answer = self._http.request(
            "POST", self._collector.url + target, body=body, headers=headers
        )
        self.sent += 1
        expected = (404,) if "collekt" in target else (204,)
        assert answer.status in expected, (answer.status, target, headers, body[:2000])
        assert self._collector.totals().requests == before + 1

    def _request(self) -> tuple[bytes, dict[str, str], str]:
        dice = self._dice
        body, headers, target = dice.choice(self._recorded)
        for _ in range(dice.randrange(5)):
            body = _bitten(body, dice)
        if dice.random() < 0.3:
            headers = {name: dice.choice(values) for name, values in HEADERS.items()}
            headers = {name: one for name, one in headers.items() if dice.random() < 0.5}
        if dice.random() < 0.3:
            target = dice.choice(TARGETS) + dice.choice(QUERIES)
        return body, headers, target

    def look(self) -> None:
        """Ask for every view; each answers, whatever is stored."""
        for path in VIEWS:
            answer = self._http.request("GET", f"{self._collector.url}/api/v1/{path}")
            assert answer.status in (200, 408), (path, answer.status, answer.data[:500])
        for event in self._collector.events(limit=50):
            assert str(event.issues) is not None
            assert event.attributes is not None

    def damage(self) -> None:
        """Put something else into columns of some rows."""
        dice = self._dice
        with closing(sqlite3.connect(self._collector.info().db, timeout=SLOW_S)) as connection:
            for _ in range(5):
                table = dice.choice(list(COLUMNS))
                column = dice.choice(COLUMNS[table])
                text = self._text()
                with connection:
                    connection.execute(
                        f"UPDATE {table} SET {column} = ? WHERE rowid % 3 = ?",
                        (text, dice.randrange(3)),
                    )

    def _text(self) -> str:
        dice = self._dice
        text = b"".join(dice.choices(BITES, k=dice.randrange(6)))
        if dice.random() < 0.5:
            text = b'{"attributes":' + text + b',"identifies":{"a":1}}'
        return text.decode("utf-8", "replace")


def _recorded() -> Iterator[tuple[bytes, dict[str, str], str]]:
    skipped = ("host", "content-length", "connection", "transfer-encoding")
    for path in sorted(CAPTURES.glob("*.json")):
        recording: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for request in recording["requests"]:
            if request["method"] == "POST":
                headers = {k: v for k, v in request["headers"] if k.lower() not in skipped}
                yield base64.b64decode(request["body_base64"]), headers, request["target"]


def _bitten(body: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(body) + 1)
    taken = dice.choice([0, 0, 1, 2, 8, 100, len(body)])
    put = dice.choice([b"", dice.choice(BITES), dice.randbytes(dice.randrange(9)), body[:50]])
    return body[:place] + put + body[place + taken :]


def run(seed: int, seconds: float) -> int:
    """Fuzz a collector for so long, one round at least; return how many requests were sent."""
    end = time.monotonic() + seconds
    with Collector() as collector:
        fuzz = Fuzz(collector, seed)
        while True:
            fuzz.round()
            if time.monotonic() >= end:
                fuzz.close()
                return fuzz.sent
