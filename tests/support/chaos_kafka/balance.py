"""What became of each event of a run. Pure: it looks at nothing but its arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from chaos.balance import in_words
from chaos.records import Stored, event_ids, wrongly_rejected
from chaos.settings import REQUEST_TIMEOUT_S
from chaos_kafka.topics import Placed
from growingio_tracker import Stats

MAX_SIZE = 500
"""So many events may be in a request of a relay, and in the window that it commits."""

_LATE_S = 0.9 * REQUEST_TIMEOUT_S


class Disturbance(Struct, frozen=True):
    """Something that may cut off a commit.

    :param at: on the monotonic clock.
    :param until: what was sent later is not concerned.
    :param relay: the one that it befell; empty for all.
    """

    what: str
    at: float
    until: float
    relay: str = ""


class Evidence(Struct, frozen=True):
    """What is known at the end of a run.

    :param returned: by producer, how many calls returned in each thread.
    :param reports: the statistics of each producer, all of which ended in order.
    :param placed: every message that the broker holds.
    :param stored: what the server stored, in order; the senders are relays.
    :param dead: the ids of the events on the topic for dead letters.
    :param disturbances: in order.
    """

    returned: Mapping[str, Sequence[int]]
    reports: Mapping[str, Stats]
    placed: Sequence[Placed]
    stored: Sequence[Stored]
    dead: Sequence[str]
    disturbances: Sequence[Disturbance]
    poison_every: int


class Balance(Struct, frozen=True):
    """The result.

    :param acknowledged: how many events the broker holds.
    :param unacknowledged: ids of calls that returned, that the broker does not hold, and that no
        producer's report speaks for.
    :param lost: ids that the broker holds, and that are neither stored nor dead letters.
    :param given_up: how many events producers dropped and counted.
    :param repeated: how many events were stored once more than needed, by what explains it.
    :param batches: how many batches they are of.
    :param unexplained: ids that were stored again although their batch had been committed.
    :param twice_on_topic: how many messages are copies of another one.
    :param mistaken: ids whose header for the event's id is not what it should be.
    """

    events: int
    acknowledged: int
    unacknowledged: tuple[str, ...]
    stored: int
    lost: tuple[str, ...]
    rejected: int
    given_up: int
    repeated: Mapping[str, int]
    batches: int
    unexplained: tuple[str, ...]
    twice_on_topic: int
    twice_dead: int
    mistaken: tuple[str, ...]
    strangers: tuple[str, ...]
    wrongly_rejected: tuple[str, ...]
    unbalanced: tuple[str, ...]

    @property
    def objections(self) -> list[str]:
        """What should not be, in words; empty when all is well."""
        found = {
            "lost": self.lost,
            "returned, not counted as dropped, and not on the topic": self.unacknowledged,
            "stored again without need": self.unexplained,
            "without an event id of their own": self.mistaken,
            "stored, and not on the topic": self.strangers,
            "wrongly rejected": self.wrongly_rejected,
            "reports that do not add up": self.unbalanced,
        }
        return in_words(found)


def balance(evidence: Evidence) -> Balance:
    """Follow every event to where it ended."""
    on_topic = {one.id for one in evidence.placed}
    stored = {one for batch in evidence.stored for one in batch.ids}
    dead = set(evidence.dead)
    repeats = _Repeats(evidence)
    return Balance(
        events=sum(map(sum, evidence.returned.values())),
        acknowledged=len(on_topic),
        unacknowledged=tuple(_unacknowledged(evidence, on_topic)),
        stored=len(stored),
        lost=tuple(on_topic - stored - dead),
        rejected=len(dead),
        given_up=sum(sum(one.dropped.values()) for one in evidence.reports.values()),
        repeated=repeats.explained,
        batches=len(repeats.batches),
        unexplained=tuple(repeats.unexplained),
        twice_on_topic=len(evidence.placed) - len(on_topic),
        twice_dead=len(evidence.dead) - len(dead),
        mistaken=tuple(_mistaken(evidence.placed)),
        strangers=tuple((stored | dead) - on_topic),
        wrongly_rejected=tuple(wrongly_rejected(dead, evidence.poison_every)),
        unbalanced=tuple(_unbalanced(evidence)),
    )


def _unacknowledged(evidence: Evidence, on_topic: Collection[str]) -> Iterator[str]:
    for process, calls in evidence.returned.items():
        report = evidence.reports.get(process)
        spoken_for = 0 if report is None else report.accepted - report.handed_over
        missing = [one for one in event_ids(process, calls) if one not in on_topic]
        yield from missing[spoken_for:]


class _Repeats:
    """The events that were stored more than once, and why.

    A batch is in doubt when its relay could not know that it was stored. A commit that is cut off
    lets one window of a partition come again: so many messages as one batch may hold.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.explained: Counter[str] = Counter()
        self.unexplained: list[str] = []
        self.batches: set[int] = set()
        self._evidence = evidence
        self._copies = Counter(one.id for one in evidence.placed)
        self._places = {one.id: (one.partition, one.offset) for one in evidence.placed}
        self._windows: dict[tuple[int, int], tuple[int, int]] = {}
        last: dict[str, Stored] = {}
        for batch in evidence.stored:
            for one in batch.ids:
                if (before := last.get(one)) is not None:
                    self._note(one, before, batch)
                last[one] = batch

    def _note(self, one: str, before: Stored, again: Stored) -> None:
        cause = _in_doubt(before) or self._cut_off(one, before, again)
        if cause is None and self._copies[one] > 1:
            self._copies[one] -= 1
            cause = "twice on the topic"
        if cause is None:
            self.unexplained.append(one)
        else:
            self.explained[cause] += 1
            self.batches.add(id(before))

    def _cut_off(self, one: str, before: Stored, again: Stored) -> str | None:
        """Return what cut off the commit of the window with an event."""
        for number, disturbance in enumerate(self._evidence.disturbances):
            if disturbance.until < before.received_at or disturbance.at > again.received_at:
                continue
            if disturbance.relay in ("", before.sender) and self._fits(number, one):
                return disturbance.what
        return None

    def _fits(self, disturbance: int, one: str) -> bool:
        """Return whether an event is in the window that a disturbance lets come again."""
        partition, offset = self._places[one]
        first, last = self._windows.get((disturbance, partition), (offset, offset))
        window = min(first, offset), max(last, offset)
        if window[1] - window[0] >= MAX_SIZE:
            return False
        self._windows[disturbance, partition] = window
        return True


def _in_doubt(batch: Stored) -> str | None:
    """Return why a relay could not know that a batch was stored; ``None`` if it could."""
    if batch.behind_refusal:
        return "behind an event that was refused access for a while"
    if batch.was_read:
        return None
    if batch.hidden_by is not None:
        return batch.hidden_by.value
    return "answered too late" if batch.took_s > _LATE_S else None


def _mistaken(placed: Iterable[Placed]) -> Iterator[str]:
    """Yield the ids of messages without an event id, or with one that is not theirs alone."""
    owners: dict[str, str] = {}
    names: dict[str, str] = {}
    for one in placed:
        owner = owners.setdefault(one.event_id, one.id)
        name = names.setdefault(one.id, one.event_id)
        if not one.event_id or (owner, name) != (one.id, one.event_id):
            yield one.id


def _unbalanced(evidence: Evidence) -> Iterator[str]:
    for process, calls in evidence.returned.items():
        report = evidence.reports.get(process)
        if report is None:
            yield f"{process}: no report"
            continue
        refused = sum(report.rejected.values()) + sum(report.dropped.values())
        ended = report.delivered + report.handed_over + refused
        if report.accepted != ended + report.pending or report.accepted < sum(calls):
            yield f"{process}: {report}, though {sum(calls)} calls returned"
