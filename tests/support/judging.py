"""What the tests of verdicts share: a good event, and judging messages as one request."""

import json
from typing import Any

from growingio_collector.rules.checked import Arrival, CheckedMessage, DecodedMessage
from growingio_collector.rules.checking import check_all
from growingio_collector.rules.history import History
from growingio_wire.table import Kind

NOW_MS = 1795402173618
GOOD = {
    "eventType": "CUSTOM",
    "eventName": "pay",
    "timestamp": NOW_MS,
    "userId": "u1",
    "dataSourceId": "d1",
}


def arrival(after_s: float = 0.0, **known: Any) -> Arrival:
    """Return a request's arrival ``after_s`` seconds after ``NOW_MS``."""
    received_us = NOW_MS * 1000 + round(after_s * 1_000_000)
    return Arrival(received_us, **{"project": "p1", **known})


def good_event(**changes: Any) -> dict[str, Any]:
    """Return a good event with changes; ``...`` leaves a field out."""
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}


def judge(
    *messages: object,
    kind: Kind = Kind.EVENT,
    came: Arrival | None = None,
    history: History | None = None,
) -> list[CheckedMessage]:
    """Return the findings of one request; without ``history``, nothing came before it."""
    encoded = [DecodedMessage(json.dumps(message).encode()) for message in messages]
    return check_all(kind, encoded, came or arrival(), history or History())


def codes(*findings: CheckedMessage) -> list[str]:
    """Return the codes of all problems in their order."""
    return [problem.code for finding in findings for problem in finding.issues]
