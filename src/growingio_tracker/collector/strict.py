"""Strict answers: a request with a bad event is refused, with the reasons."""

from typing import Final

from growingio_tracker.collector.problems.text import BAD
from growingio_tracker.collector.store import Received

REFUSED: Final = 400

_ACCEPTED: Final = (200, 204)
_REASONS: Final = 20


def answered_strictly(received: Received) -> Received:
    """Return ``received`` with the answer it gets where bad events are refused."""
    is_bad = any(finding.verdict == BAD for finding in received.findings)
    if is_bad and received.answered in _ACCEPTED:
        return received._replace(answered=REFUSED)
    return received


def reasons(received: Received) -> str:
    """Return one line for each bad problem: which event of the request, and what to do."""
    lines = [
        f"event {number}: {problem.sentence} {problem.fix}"
        for number, finding in enumerate(received.findings, 1)
        for problem in finding.problems
        if problem.level == BAD
    ]
    more = [f"… and {len(lines) - _REASONS} more"] if len(lines) > _REASONS else []
    return "\n".join([*lines[:_REASONS], *more])
