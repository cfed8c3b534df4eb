"""What became of each event of a run. Pure: it looks at nothing but its arguments."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from chaos.records import Stored, event_ids, wrongly_rejected
from chaos.settings import REQUEST_TIMEOUT_S
from growingio_tracker import Stats

_LATE_S = 0.9 * REQUEST_TIMEOUT_S
_SETTLES_S = 0.2


class Period(Struct):
    """A time on the monotonic clock."""

    begin: float
    end: float = math.inf

    def has(self, moment: float) -> bool:
        return self.begin <= moment <= self.end


class Evidence(Struct, frozen=True):
    """What is known at the end of a run.

    :param returned: by process, how many calls returned in each thread.
    :param stored: what the server stored, in order.
    :param reports: the statistics of every process that ended in order.
    :param killed: the processes that did not.
    :param disk_full: by process, when its disk was full.
    :param dead_letters: the ids of the events that are kept as rejected; ``None`` where nothing
        is kept and the reports tell how many there were.
    """

    returned: Mapping[str, Sequence[int]]
    stored: Sequence[Stored]
    reports: Mapping[str, Stats]
    killed: Collection[str]
    disk_full: Mapping[str, Sequence[Period]]
    dead_letters: Collection[str] | None
    poison_every: int


class Balance(Struct, frozen=True):
    """The result.

    :param lost: ids of which nobody knows what became.
    :param rejected: how many events were refused for good.
    :param dropped: how many events were given up and counted, by reason; ``pending`` are those
        that were on their way when closing ran out of time.
    :param repeated: how many events were stored once more than needed, by what explains it.
    :param unexplained: ids that were stored again although the sender knew that they were.
    :param strangers: ids that were stored and never handed over.
    :param wrongly_rejected: ids that were refused for good though the server takes them.
    :param unbalanced: what does not add up in a process's report.
    """

    events: int
    stored: int
    lost: tuple[str, ...]
    rejected: int
    dropped: Counter[str]
    repeated: Mapping[str, int]
    unexplained: tuple[str, ...]
    strangers: tuple[str, ...]
    wrongly_rejected: tuple[str, ...]
    unbalanced: tuple[str, ...]

    @property
    def objections(self) -> list[str]:
        """What should not be, in words; empty when all is well."""
        found = {
            "lost": self.lost,
            "stored again without need": self.unexplained,
            "never handed over": self.strangers,
            "wrongly rejected": self.wrongly_rejected,
            "reports that do not add up": self.unbalanced,
        }
        return in_words(found)


def in_words(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Return how many there are of each that should not be, with some of them."""
    return [f"{len(ids)} {what}, {', '.join(ids[:5])}" for what, ids in found.items() if ids]


def balance(evidence: Evidence) -> Balance:
    """Follow every event to where it ended."""
    times_stored = Counter(one for batch in evidence.stored for one in batch.ids)
    dead = evidence.dead_letters
    ended = times_stored.keys() | set(dead or ())
    missing = {
        process: [one for one in event_ids(process, calls) if one not in ended]
        for process, calls in evidence.returned.items()
    }
    repeated, unexplained = _repeated(evidence)
    reports = evidence.reports.values()
    rejected = _by_reason(report.rejected for report in reports)
    return Balance(
        events=sum(map(sum, evidence.returned.values())),
        stored=len(times_stored),
        lost=tuple(_lost(evidence, missing)),
        rejected=sum(rejected.values()) if dead is None else len(set(dead)),
        dropped=_by_reason({**report.dropped, "pending": report.pending} for report in reports),
        repeated=repeated,
        unexplained=tuple(unexplained),
        strangers=tuple(one for one in ended if not _was_handed_over(one, evidence)),
        wrongly_rejected=tuple(_wrongly_rejected(evidence)),
        unbalanced=tuple(_unbalanced(evidence)),
    )


def _lost(evidence: Evidence, missing: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the ids that no count speaks for.

    Where nothing is kept on disk, a process's report says how many of its own were not delivered,
    and why; which ones, nobody knows.
    """
    for process, ids in missing.items():
        report = evidence.reports.get(process)
        spoken_for = 0
        if evidence.dead_letters is None and report is not None:
            spoken_for = report.accepted - report.delivered
        yield from ids[spoken_for:]


def _repeated(evidence: Evidence) -> tuple[Counter[str], list[str]]:
    """Return how many repeats each cause explains, and the ids that none does."""
    explained: Counter[str] = Counter()
    unexplained: list[str] = []
    last: dict[str, Stored] = {}
    for batch in evidence.stored:
        for one in batch.ids:
            if (before := last.get(one)) is not None:
                cause = _why_again(before, evidence)
                if cause is None:
                    unexplained.append(one)
                else:
                    explained[cause] += 1
            last[one] = batch
    return explained, unexplained


def _why_again(batch: Stored, evidence: Evidence) -> str | None:
    """Return why the sender of a batch may have had to think that it was not stored.

    Each explains one batch only, the one in flight; but on a full disk nobody can write down what
    has been delivered.
    """
    full = evidence.disk_full.get(batch.sender, ())
    settled_at = batch.answered_at + _SETTLES_S
    if any(period.has(batch.answered_at) or period.has(settled_at) for period in full):
        return "not removed from a full disk"
    if batch.behind_refusal:
        return "behind an event that was refused access for a while"
    if batch.was_read:
        return None
    if batch.hidden_by is not None:
        return batch.hidden_by.value
    if batch.took_s > _LATE_S:
        return "answered too late"
    return "killed amid a request" if batch.sender in evidence.killed else None


def _was_handed_over(one: str, evidence: Evidence) -> bool:
    process, thread, number = one.split(":")
    calls = evidence.returned[process][int(thread)]
    # The call that was under way when the process was killed may have come to its end or not.
    return int(number) < calls + (process in evidence.killed)


def _wrongly_rejected(evidence: Evidence) -> Iterator[str]:
    every = evidence.poison_every
    yield from wrongly_rejected(evidence.dead_letters or (), every)
    if evidence.dead_letters is None:
        for process, report in evidence.reports.items():
            poison = sum(calls // every for calls in evidence.returned[process])
            if sum(report.rejected.values()) > poison:
                yield f"one or more of {process}: {dict(report.rejected)}, {poison} to reject"


def _unbalanced(evidence: Evidence) -> Iterator[str]:
    for process, report in evidence.reports.items():
        ended = report.delivered + sum(report.rejected.values()) + sum(report.dropped.values())
        returned = sum(evidence.returned[process])
        if report.pending < 0 or report.accepted != ended + report.pending + report.handed_over:
            yield f"{process}: {report}"
        elif report.accepted - report.adopted < returned:
            yield f"{process}: {report}, though {returned} calls returned"


def _by_reason(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total
