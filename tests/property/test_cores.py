"""The compiled core against its pure twin: the same bytes, the same meaning, the same refusals."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cores import COMPILED, NOW_MS, Taken, plain_events, protobuf_list
from drawing import examples
from growingio_tracker.core import pure
from growingio_wire.table import EVENT, EVENT_TYPES, Kind

pytestmark = pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")

texts = (
    st.text() | st.text(st.characters(max_codepoint=127)) | st.text(st.sampled_from('"\\\n\x7fé'))
)
doubles = st.builds(
    lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0], st.integers(0, 2**64 - 1)
)
decimals = st.builds(lambda digits, places: digits / 10**places, st.integers(-(10**12), 10**12),
                     st.integers(0, 8))  # fmt: skip
powers = st.builds(math.ldexp, st.sampled_from([1.0, -1.0, 1 + 2**-52]), st.integers(-1074, 1022))
numbers = st.integers() | st.integers(-(2**70), 2**70) | st.floats() | doubles | decimals | powers
odd = st.none() | st.binary() | st.lists(st.integers()) | st.just(10**5000) | st.just("\ud800")
plain_values = texts | numbers | st.booleans()
attributes = st.none() | st.dictionaries(texts, plain_values) | st.dictionaries(
    texts | st.integers(), plain_values | odd
)  # fmt: skip
names = st.none() | texts | st.integers() | st.just("\ud800")
times = st.none() | st.integers(0, 10**14)


@settings(max_examples=examples(400), deadline=None)
@given(names, names, names, names, attributes, st.integers(0, 10**14), st.integers(0, 400))
def test_records(
    name: Any, key: Any, user: Any, device: Any, given: Any, time_ms: int, limit: int
) -> None:
    """For whatever a call is given both make the same record, or both find it not plain."""
    for max_bytes in (1 << 20, limit):
        expected, found = (
            plain_events(core, max_bytes).encode(name, key, user, device, given, time_ms)
            for core in (pure, COMPILED)
        )
        assert found == expected


@settings(max_examples=examples(1000), deadline=None)
@given(numbers)
def test_numbers(number: float) -> None:
    """Every number has the text that msgspec gives it."""
    expected, found = (
        plain_events(core).encode("e", None, "u", None, {"n": number}, NOW_MS)
        for core in (pure, COMPILED)
    )
    assert found == expected


records = st.lists(st.binary(max_size=60).map(bytes))


@given(records)
def test_arrays(batch: list[bytes]) -> None:
    """Both join records to the same array."""
    assert COMPILED.join_array(batch) == pure.join_array(batch)


STRINGS = [field.json for field in EVENT.fields if field.type == "string"]
NUMBERS = [field.json for field in EVENT.fields if field.type in ("int32", "int64")]
json_scalars = texts | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | decimals
json_maps = st.dictionaries(texts, json_scalars | st.booleans())
json_values = json_scalars | st.booleans() | st.none() | json_maps | st.lists(st.integers())


def of(keys: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=4)


usual_records = st.builds(
    lambda *parts: {key: value for part in parts for key, value in part.items()},
    of(STRINGS, texts),
    of(NUMBERS, st.integers(-(2**63), 2**63 - 1)),
    of(["eventType"], st.sampled_from(list(EVENT_TYPES))),
    of(["attributes", "extraSdk"], json_maps),
    of(["resourceItem"], of(["id", "key"], texts) | of(["attributes"], json_maps)),
)
odd_records = of([*STRINGS, *NUMBERS, "eventType", "attributes", "resourceItem", "?"], json_values)


def as_written(core: Any, batch: list[bytes]) -> tuple[type, object]:
    """What a core makes of records: the body, or the error that it raises."""
    try:
        return bytes, protobuf_list(core, Kind.EVENT).encode(batch)
    except Exception as error:
        return type(error), str(error)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(usual_records | odd_records, max_size=4), st.booleans(), st.booleans())
def test_protobuf(batch: list[dict[str, Any]], ascii_only: bool, spaces: bool) -> None:
    """Both write the same list of records, whoever encoded them, and refuse the same."""
    separators = (", ", ": ") if spaces else (",", ":")
    encoded = [
        json.dumps(record, ensure_ascii=ascii_only, separators=separators).encode(
            "utf-8", "replace"
        )
        for record in batch
    ]
    assert as_written(COMPILED, encoded) == as_written(pure, encoded)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A record of which some bytes were replaced, inserted or lost."""
    damaged = bytearray(msgspec.json.encode(draw(usual_records)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(damaged)))
        damaged[at : at + draw(st.integers(0, 2))] = draw(
            st.binary(max_size=2)
            | st.sampled_from([b'"', b"\\", b"{", b"}", b",", b":", b"0", b"-"])
        )
    return bytes(damaged)


@settings(max_examples=examples(400), deadline=None)
@given(damaged())
def test_damaged_records(record: bytes) -> None:
    """Both refuse the same damage, with the same error, and agree on what is none."""
    assert as_written(COMPILED, [record]) == as_written(pure, [record])


class Rings(RuleBasedStateMachine):
    """The same steps on both rings tell the same."""

    @initialize(
        batch=st.tuples(st.integers(1, 5), st.integers(1, 40)),
        bounds=st.tuples(st.integers(0, 200), st.integers(0, 500)),
    )
    def start(self, batch: tuple[int, int], bounds: tuple[int, int]) -> None:
        self.cores: list[tuple[Any, Any]] = []
        for core in (pure, COMPILED):
            ring, admission = core.Ring(*batch), core.Admission()
            admission.max_events, admission.max_bytes = bounds
            self.cores.append((ring, admission))
        self.flights: list[tuple[int, tuple[bytes, ...]]] = []

    def both(self, step: Any) -> Any:
        """Do one step on both; return what it tells."""
        expected, found = (step(*core) for core in self.cores)
        assert found == expected
        return found

    @rule(record=st.binary(max_size=20), times=st.integers(1, 100))
    def enter(self, record: bytes, times: int) -> None:
        self.both(lambda ring, admission: [ring.enter(admission, record) for _ in range(times)])

    @rule()
    def take(self) -> None:
        first, taken, _ = self.both(lambda ring, _: ring.take() if len(ring) else (0, (), 0))
        if taken:
            self.flights.append((first, taken))

    @rule(part=st.integers(0, 5))
    def put_back(self, part: int) -> None:
        if self.flights:
            first, taken = self.flights.pop()
            self.both(lambda ring, _: ring.put_back(Taken(taken[part:], first + part)))

    @rule()
    def settle(self) -> None:
        if self.flights:
            _, taken = self.flights.pop(0)
            self.both(lambda _, admission: admission.gone(len(taken), sum(map(len, taken))))

    @rule()
    def drop_oldest(self) -> None:
        self.both(lambda ring, _: ring.drop_oldest() if len(ring) else None)

    @rule()
    def drop_all(self) -> None:
        self.both(lambda ring, _: ring.drop_all())

    @invariant()
    def same(self) -> None:
        if hasattr(self, "cores"):
            self.both(
                lambda ring, admission: (
                    *(len(ring), ring.size, ring.next_seq, ring.first_seq(), ring.came_back()),
                    *(*admission.snapshot(), admission.closed, admission.has_room(9)),
                )
            )


TestRings = Rings.TestCase
TestRings.settings = settings(max_examples=examples(40), stateful_step_count=30, deadline=None)
