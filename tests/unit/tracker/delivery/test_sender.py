"""From a batch to its outcomes: D1-D5, D8 without a network or time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

import cramjam
import pytest

from delivering.rig import HOST, Rig, assert_balanced, names, record
from growingio_tracker.delivery import BatchLimits, Delivered, Postponed, Rejected
from growingio_tracker.delivery.formats import JsonParser
from growingio_tracker.exceptions import RejectedError, TransportError
from growingio_tracker.testing import Answer
from growingio_tracker_snappy import SnappyParser
from growingio_wire.http import Request, Response
from growingio_wire.http.retry import RetryPolicy
from growingio_wire.table import Kind
from growingio_wire.xor import xor

NO_ANSWER = TransportError("refused")


def refusing(status: int, *poison: str) -> Callable[[Request], Response]:
    """Answer ``status`` to every request that holds one of the ``poison`` events."""
    return lambda request: Response(status if {*poison} & {*names(request)} else 200)


class TestRetries:
    """D1"""

    def test_d1_two_failures_and_a_success(self) -> None:
        """503, 503, 200 is three requests, two of them counted as retries, and one delivery."""
        rig = Rig([503, 503, 200])
        assert rig.deliver("a") == [(["a"], Delivered())]
        assert rig.sent == [["a"]] * 3
        assert (rig.ledger.stats().requests, rig.ledger.stats().retries) == (3, 2)

    @pytest.mark.parametrize("answer", [408, 425, 429, 500, 502, 503, 504, 599, NO_ANSWER])
    def test_d1_limit(self, answer: Answer) -> None:
        """A failure that may pass is repeated retry_limit times, and then the batch is kept."""
        rig = Rig([answer] * 9, RetryPolicy(limit=2))
        [(_, outcome)] = rig.deliver("a")
        assert isinstance(outcome, Postponed)
        assert len(rig.sent) == 3

    def test_d1_limit_0(self) -> None:
        """retry_limit 0 is one request."""
        rig = Rig([503] * 9, RetryPolicy(limit=0))
        rig.deliver("a")
        assert (len(rig.sent), rig.interrupt.pauses) == (1, [])

    def test_d1_backoff(self) -> None:
        """The waits between attempts lie below backoff_factor * 2**n, up to the cap."""
        rig = Rig([503] * 9, RetryPolicy(limit=5, backoff_factor=1.0, backoff_cap_s=3.0))
        rig.deliver("a")
        bounds = [1.0, 2.0, 3.0, 3.0, 3.0]
        assert len(rig.interrupt.pauses) == 5
        for pause, bound in zip(rig.interrupt.pauses, bounds, strict=True):
            assert 0 <= pause <= bound

    def test_d1_retry_after_is_a_lower_bound(self) -> None:
        """The wait is at least what Retry-After says, and at most its cap."""
        answers = [Response(503, {"retry-after": after}) for after in ("40", "9000")]
        rig = Rig([*answers, 200], RetryPolicy(retry_after_cap_s=100.0))
        rig.deliver("a")
        assert rig.interrupt.pauses == [40.0, 100.0]

    def test_d1_retry_after_as_a_date(self) -> None:
        """A date in Retry-After counts from the machine's clock."""
        answer = Response(503, {"retry-after": formatdate(time.time() + 40, usegmt=True)})
        rig = Rig([answer, 200])
        rig.deliver("a")
        assert rig.interrupt.pauses == [pytest.approx(40.0, abs=2)]

    def test_d1_retry_after_outlives_the_round(self) -> None:
        """A kept batch rests at least as long as the last Retry-After said."""
        rig = Rig([Response(503, {"retry-after": "77"})], RetryPolicy(limit=0))
        [(_, outcome)] = rig.deliver("a")
        assert isinstance(outcome, Postponed)
        assert outcome.pause_s == 77.0

    @pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), KeyError("x"), MemoryError()])
    def test_f3_transport_may_raise_anything(self, error: Exception) -> None:
        """Whatever a transport raises is a failure to deliver that may pass."""
        rig = Rig([error, 200])
        assert rig.deliver("a") == [(["a"], Delivered())]

    @pytest.mark.parametrize("answer", [None, "200", Response("200")])  # type: ignore[arg-type]
    def test_f3_transport_may_return_anything(self, answer: object) -> None:
        """A transport that returns nonsense loses nothing and raises nothing."""
        rig = Rig([lambda _: answer] * 4)  # type: ignore[list-item, return-value]
        [(_, outcome)] = rig.deliver("a")
        assert isinstance(outcome, Postponed)


class TestProbing:
    """D2"""

    def test_d2_back_to_the_head(self) -> None:
        """A batch whose retries are used up is the first to leave again, in its order."""
        rig = Rig([503] * 4)
        rig.offer("a", "b")
        rig.round()
        rig.offer("c")
        rig.clock.advance(100)
        rig.round()
        assert rig.sent[-1] == ["a", "b", "c"]
        assert_balanced(rig.ledger)

    def test_d2_probes(self) -> None:
        """After two failed rounds one request an interval goes out, until one succeeds."""
        rig = Rig([503] * 100, RetryPolicy(limit=3, probe_interval_s=10.0))
        rig.offer("a")
        rounds = []
        for _ in range(600):  # ten minutes of outage, looked at every second
            before = len(rig.sent)
            if rig.round():
                rounds.append(len(rig.sent) - before)
            rig.clock.advance(1.0)
        assert rounds[:2] == [4, 4]
        assert set(rounds[2:]) == {1}
        assert 55 <= len(rounds) <= 65

    def test_d2_recovery(self) -> None:
        """After an outage everything is delivered, once and in order, with whole rounds again."""
        answers = [*[503] * 9, 200, 200, 200, 503, 200]
        rig = Rig(answers, batches=BatchLimits(max_events=2, linger_s=0.0))
        rig.offer(*"abcdef")
        while rig.ledger.stats().pending:
            rig.round()
            rig.clock.advance(10.0)
        assert rig.sent == [["a", "b"]] * 10 + [["c", "d"], ["e", "f"]]
        rig.deliver("g")
        assert rig.sent[-2:] == [["g"], ["g"]], "a whole round again"


class TestMisconfiguration:
    """D3"""

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404, 100, 0, 999])
    def test_d3_kept_and_reported_once(self, status: int) -> None:
        """The event is kept, the address reported once, and asked again only once a minute."""
        rig = Rig([status] * 100)
        rig.offer("a")
        for _ in range(300):
            rig.round()
            rig.clock.advance(1.0)
        assert 4 <= len(rig.sent) <= 6
        assert rig.ledger.stats().pending == 1
        [problem] = rig.problems
        assert (problem.reason, problem.events) == ("misconfigured", 0)
        assert f"{HOST}/event answered {status} " in problem.detail

    def test_d3_delivered_when_repaired(self) -> None:
        """Once the address is right the event is delivered; another fault is reported anew."""
        rig = Rig([404, 200, 404])
        for name in "ab":
            rig.offer(name)
            rig.round()
            rig.clock.advance(60.0)
            rig.round()
        assert rig.ledger.stats().delivered == 2
        assert len(rig.problems) == 2

    def test_d3_other_kinds_go_on(self) -> None:
        """A wrong address of one kind holds up no other kind, and is still reported only once."""

        def answer(request: Request) -> Response:
            return Response(404 if "/item" in request.url else 200)

        rig = Rig([answer] * 1000)
        rig.offer("i", kind=Kind.ITEM)
        for number in range(300):
            rig.offer(f"{number}")
            while rig.round():
                pass
            rig.clock.advance(1.0)
        assert rig.ledger.stats().delivered == 300
        assert [problem.reason for problem in rig.problems] == ["misconfigured"]


class TestHalving:
    """D4"""

    def test_d4_too_large(self) -> None:
        """413 halves the batch until it fits, and everything is delivered once and in order."""

        def answer(request: Request) -> Response:
            return Response(413 if len(names(request)) > 2 else 200)

        rig = Rig([answer] * 100)
        outcomes = rig.deliver(*"abcdefg")
        assert [outcome for _, outcome in outcomes] == [Delivered()] * len(outcomes)
        assert [name for part, _ in outcomes for name in part] == list("abcdefg")

    def test_d4_limit_is_remembered(self) -> None:
        """After one batch was halved, later batches fit from the start."""

        def answer(request: Request) -> Response:
            return Response(413 if len(request.body) > 200 else 200)

        rig = Rig([answer] * 1000)
        for _ in range(3):
            rig.offer(*(f"{number:02}" for number in range(64)))
            while rig.round():
                pass
        sizes = [len(sent) for sent in rig.sent]
        assert sizes == [64, 32, 16, *[8] * 24]
        assert rig.ledger.stats().delivered == 3 * 64

    def test_d4_giant_is_rejected_alone(self) -> None:
        """A lone event that gets 413 is rejected and reported; its neighbours are delivered."""
        rig = Rig([refusing(413, "giant" + "x" * 1000)] * 100)
        rig.offer("a", "b", "giant" + "x" * 1000, "c")
        while rig.round():
            pass
        stats = rig.ledger.stats()
        assert (stats.delivered, stats.rejected) == (3, {"status_413": 1})
        assert [(p.reason, p.events) for p in rig.problems] == [("status_413", 1)]

    def test_d4_giant_makes_no_later_batch_tiny(self) -> None:
        """One giant among small events does not cut later batches of small events up."""
        giant = "x" * 10_000
        rig = Rig([refusing(413, giant)] * 100)
        rig.offer("a", giant, "b")
        while rig.round():
            pass
        rig.offer(*map(str, range(50)))
        rig.round()
        assert len(rig.sent[-1]) == 50

    @pytest.mark.parametrize("status", [400, 422])
    @pytest.mark.parametrize("poison", ["e0", "e7", "e15"])
    def test_d4_poison(self, status: int, poison: str) -> None:
        """400 and 422 are traced to the one event to blame; all others are delivered, in order."""
        rig = Rig([refusing(status, poison)] * 100)
        rig.offer(*(f"e{number}" for number in range(16)))
        while rig.round():
            pass
        stats = rig.ledger.stats()
        assert (stats.delivered, stats.rejected) == (15, {f"status_{status}": 1})
        assert [problem.reason for problem in rig.problems] == [f"status_{status}"]
        assert len(rig.sent) == 9, "one whole, and two halves on each of four levels"

    def test_d4_rejection_says_what_the_server_said(self) -> None:
        """The error holds status and the beginning of the body, and its text only the status."""
        rig = Rig([Response(400, {}, b"bad id u-1" + b"!" * 5000)])
        [(_, outcome)] = rig.deliver("a")
        assert isinstance(outcome, Rejected)
        assert isinstance(outcome.error, RejectedError)
        assert (outcome.error.status, len(outcome.error.body)) == (400, 1000)
        assert "u-1" not in str(outcome.error)

    def test_f3_parser_fails_for_one_event(self) -> None:
        """An event that the parser cannot encode is rejected without a request for it."""

        class Picky(JsonParser):
            def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
                if record("b") in records:
                    raise ValueError("secret value")
                return super().encode_records(kind, records, stm)

        rig = Rig(parser=Picky())
        outcomes = rig.deliver(*"abcd")
        assert [part for part, outcome in outcomes if outcome == Delivered()] == [["a"], ["c", "d"]]
        assert rig.sent == [["a"], ["c", "d"]]
        [problem] = rig.problems
        assert problem.reason == "not_encodable"
        assert "secret" not in problem.detail


class TestPartialFailure:
    """D5"""

    def test_d5_kept_from_the_failure_on(self) -> None:
        """When a half fails, it and all behind it stay, and what was delivered before does not."""
        rig = Rig([413, 200, 503, 503, 503, 503])
        outcomes = rig.deliver(*"abcd")
        assert [part for part, _ in outcomes] == [["a", "b"], ["c", "d"]]
        assert isinstance(outcomes[1][1], Postponed)

    def test_d5_nothing_is_sent_twice(self) -> None:
        """A failure in a later batch never re-sends an earlier delivered one."""
        rig = Rig(
            [200, *[503] * 4, 200, 200],
            batches=BatchLimits(max_events=2, linger_s=0.0),
        )
        rig.offer(*"abcdef")
        while rig.ledger.stats().pending:
            rig.round()
            rig.clock.advance(10.0)
        assert [sent for sent in rig.sent if sent == ["a", "b"]] == [["a", "b"]]
        assert rig.ledger.stats().delivered == 6


def test_d8_body_matches_its_stm() -> None:
    """Each attempt has an stm of its own, and its body is XORed with that one."""
    stamps = iter([1_700_000_000_001, 1_700_000_000_002, 1_700_000_000_003])

    class Parser(SnappyParser):
        @staticmethod
        def get_timestamp() -> int:
            return next(stamps)

    rig = Rig([503, 503, 200], parser=Parser(True))
    rig.deliver("a")
    seen = []
    for request in rig.transport.requests:
        stm = int(parse_qs(urlsplit(request.url).query)["stm"][0])
        seen.append(stm)
        assert bytes(cramjam.snappy.decompress_raw(xor(request.body, stm))) == (
            b"[" + record("a") + b"]"
        )
    assert seen == [1_700_000_000_001, 1_700_000_000_002, 1_700_000_000_003]


def test_d7_timeout_is_finite() -> None:
    """Every request has a finite time-out, which ends before the deadline once closing is on."""
    rig = Rig()
    rig.deliver("a")
    rig.interrupt.close_within(0.5)
    rig.deliver("b")
    rig.clock.advance(10.0)
    rig.deliver("c")
    timeouts = [request.timeout_s for request in rig.transport.requests]
    assert timeouts == pytest.approx([2.0, 0.45, 0.001])
