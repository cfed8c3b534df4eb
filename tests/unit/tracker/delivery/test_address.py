"""What an address has shown of itself: whose fault a refusal is (D3), and what sizes pass (D11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from delivering.rig import Rig, names
from growingio_tracker.delivery import BatchLimits, Postponed
from growingio_tracker.exceptions import TransportError
from growingio_wire.http import Request, Response
from growingio_wire.http.retry import RetryPolicy

Answering = Callable[[Request], Response]
LIMIT = 400


def proven(*answers: Answering | int | Exception) -> Rig:
    """Return a rig whose address has accepted something, and then answers as given."""
    rig = Rig([200, *answers])
    rig.deliver("first")
    rig.transport.requests.clear()
    return rig


def refusing(status: int, *poison: str) -> Answering:
    return lambda request: Response(status if {*poison} & {*names(request)} else 200)


def resetting(largest: int) -> Answering:
    """Reset the connection of every request with a larger body."""

    def answer(request: Request) -> Response:
        if len(request.body) > largest:
            raise TransportError("no answer") from ConnectionResetError("reset")
        return Response(204)

    return answer


def drain(rig: Rig) -> None:
    while rig.round():
        pass


class TestFirewall:
    """D3, D4"""

    @pytest.mark.parametrize(
        ("status", "poison"),
        [(401, "e0"), (403, "e0"), (403, "e15"), (404, "e7"), (405, "e7"), (451, "e15")],
    )
    def test_d3_one_event_is_to_blame(self, status: int, poison: str) -> None:
        """Where others were accepted, a refusal is traced to the one event, as 400 is."""
        rig = proven(*[refusing(status, poison)] * 100)
        rig.offer(*(f"e{number}" for number in range(16)))
        drain(rig)
        stats = rig.ledger.stats()
        assert (stats.delivered, stats.rejected) == (15, {f"status_{status}": 1})
        assert [problem.reason for problem in rig.problems] == [f"status_{status}"]
        asked_again = status in (401, 404)
        assert len(rig.sent) == 9 + asked_again, "a whole, two halves on each of four levels"

    @pytest.mark.parametrize("status", [401, 404])
    def test_d3_access_that_was_refused_for_a_while(self, status: int) -> None:
        """Events refused with 401 or 404 are delivered when others are accepted again."""
        rig = proven(*[status] * 6, *[200] * 20)
        rig.offer(*(f"e{number}" for number in range(16)))
        drain(rig)
        assert (rig.ledger.stats().delivered, rig.ledger.stats().rejected) == (16, {})

    def test_d3_outcomes_are_in_order(self) -> None:
        """Events whose blame is only proven by a later one have their outcomes before it."""
        rig = proven(*[refusing(403, "b", "c")] * 100)
        outcomes = rig.deliver(*"abcd")
        assert [name for part, _ in outcomes for name in part] == list("abcd")

    def test_d3_access_that_cannot_be_found_out(self) -> None:
        """What is asked for once more without an answer is kept, with all behind it, in order."""
        rig = proven(404, 404, 200, 503, 200)
        rig.offer("a", "b", "c")
        rig.round()
        assert rig.ledger.stats().pending == 3
        rig.clock.advance(60.0)
        drain(rig)
        assert rig.sent == [["a", "b", "c"], ["a"], ["b", "c"], ["a"], ["a", "b", "c"]]
        assert (rig.ledger.stats().delivered, rig.ledger.stats().rejected) == (3, {})

    def test_d3_address_that_begins_to_refuse_everything(self) -> None:
        """When nothing is accepted any more, nothing is to blame: all is kept, and said once."""
        rig = proven(*[403] * 1000)
        rig.offer(*map(str, range(64)))
        for _ in range(10):
            drain(rig)
            rig.clock.advance(60.0)
        stats = rig.ledger.stats()
        assert (stats.pending, stats.rejected) == (64, {})
        assert [problem.reason for problem in rig.problems] == ["misconfigured"]
        assert len(rig.sent) < 10 * 50

    def test_d3_lone_event(self) -> None:
        """A lone event is taken to be to blame once for each acceptance; the next one is kept."""
        rig = proven(*[405] * 2)
        assert [type(outcome).__name__ for _, outcome in rig.deliver("a")] == ["Rejected"]
        assert [type(outcome).__name__ for _, outcome in rig.deliver("b")] == ["Postponed"]

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 404])
    def test_d3_access(self, status: int) -> None:
        """Redirects, 401 and 404 to a lone event speak of the address, whatever it accepted."""
        rig = proven(*[status] * 2)
        [(_, outcome)] = rig.deliver("a")
        assert isinstance(outcome, Postponed)
        assert [problem.reason for problem in rig.problems] == ["misconfigured"]

    def test_d3_nothing_accepted_yet(self) -> None:
        """An address that has accepted nothing yet is not asked for halves."""
        rig = Rig([403] * 9)
        [(names, outcome)] = rig.deliver("a", "b")
        assert (names, type(outcome)) == (["a", "b"], Postponed)
        assert len(rig.sent) == 1


class TestResets:
    """D11"""

    def test_d11_halves(self) -> None:
        """A batch whose connection is reset again and again is tried in halves until one passes."""
        rig = Rig([resetting(LIMIT)] * 1000)
        rig.offer(*map(str, range(64)))
        drain(rig)
        assert rig.ledger.stats().delivered == 64
        assert [len(sent) for sent in rig.sent] == [64] * 4 + [32] + [16] * 4

    def test_d11_size_is_remembered(self) -> None:
        """Later batches fit from the start; one in a while asks whether more passes now."""
        rig = Rig([resetting(LIMIT)] * 10_000)
        for _ in range(3):
            rig.offer(*(f"{number:02}" for number in range(64)))
            drain(rig)
        assert {len(sent) for sent in rig.sent[6:]} == {16}
        rig.transport._answers = [204] * 10_000
        for _ in range(100):
            rig.offer(*(f"{number:02}" for number in range(64)))
            drain(rig)
        assert len(rig.sent[-1]) == 64

    def test_d11_one_reset(self) -> None:
        """A single reset is an accident: the same batch is repeated."""
        rig = Rig([TransportError("x"), resetting(0), 200])
        rig.deliver("a", "b")
        assert rig.sent == [["a", "b"]] * 3

    def test_d11_outage(self) -> None:
        """A server that resets everything loses nothing, and gets whole batches when it is back."""
        rig = Rig([resetting(0)] * 500, RetryPolicy(limit=3, probe_interval_s=10.0))
        rig.offer(*map(str, range(64)))
        rounds = []
        for _ in range(120):
            before = len(rig.sent)
            if rig.round():
                rounds.append(len(rig.sent) - before)
            rig.clock.advance(1.0)
        assert set(rounds[2:]) == {1}, "one probe an interval"
        assert rig.ledger.stats().pending == 64
        rig.transport._answers = [204] * 500
        rig.clock.advance(60.0)
        drain(rig)
        rig.offer(*map(str, range(64)))
        assert rig.ledger.stats().delivered == 64

    def test_d11_probes_find_the_size(self) -> None:
        """Also where only probes go out, each is half as large as the last one that was reset."""
        rig = Rig([resetting(LIMIT)] * 1000, RetryPolicy(limit=0, full_rounds=0))
        rig.offer(*map(str, range(64)))
        for _ in range(8):
            rig.round()
            rig.clock.advance(30.0)
        drain(rig)
        assert rig.ledger.stats().delivered == 64

    @pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), OSError()])
    def test_d11_other_failures(self, error: OSError) -> None:
        """A server that is not there, or says nothing, is not asked for halves."""

        def answer(request: Request) -> Response:
            raise TransportError("no answer") from error

        rig = Rig([answer] * 9, batches=BatchLimits(max_events=2))
        [(_, outcome)] = rig.deliver("a", "b")
        assert isinstance(outcome, Postponed)
        assert {len(sent) for sent in rig.sent} == {2}
