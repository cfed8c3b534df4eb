"""Throw random things at both cores, and compare what they make of them.

    python tests/core_fuzz.py [--seconds 60] [--seed N]

It says what it threw when they differ, and how to throw it again. Under a sanitizer's build of the
compiled core (`make core-asan`) it also finds what reads or writes where it must not.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent / "support"))

from cores import COMPILED, NOW_MS, Taken, plain_events, protobuf_list
from growingio_tracker import GrowingParamException, GrowingTracker
from growingio_tracker.core import pure
from growingio_tracker.planned import EventCall
from growingio_tracker.testing import RecordingConsumer
from growingio_wire.plan import Property
from growingio_wire.table import EVENT_TYPES, Kind

PIECES = [
    "a",
    "é",
    "漢",
    "😀",
    '"',
    "\\",
    "\n",
    "\x00",
    "\x1f",
    "\x7f",
    "\ud800",
    "x" * 9,
    "/",
    " ",
]
BITES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b",",
    b":",
    b"0",
    b"-",
    b".",
    b"e",
    b"\\u00",
    b"\xff",
    b"\x00",
    b"1",
]
KEYS = ["deviceId", "eventName", "attributes", "resourceItem", "timestamp", "eventType", "id", "?"]


def some_text(dice: random.Random) -> str:
    return "".join(dice.choices(PIECES, k=dice.choice([0, 1, 2, 5, 40, 700])))


def some_number(dice: random.Random) -> float:
    makers: list[Callable[[], float]] = [
        lambda: dice.randrange(-(2**70), 2**70),
        lambda: dice.randrange(-1000, 1000),
        lambda: float(struct.unpack("<d", dice.randbytes(8))[0]),
        lambda: dice.randrange(-(10**12), 10**12) / 10 ** dice.randrange(9),
        dice.random,
    ]
    return dice.choice(makers)()


def some_value(dice: random.Random) -> Any:
    makers: list[Callable[[], Any]] = [
        *[lambda: some_text(dice), lambda: some_number(dice)] * 4,
        lambda: dice.random() < 0.5,
        lambda: dice.choice([None, [], {}, b"", 10**5000, object]),
    ]
    return dice.choice(makers)()


def some_map(dice: random.Random) -> dict[Any, Any]:
    return {some_text(dice): some_value(dice) for _ in range(dice.randrange(6))}


def throw_event(dice: random.Random) -> tuple[Any, Any, Any]:
    limit = dice.choice([1 << 20, 1 << 20, 300])
    given = [dice.choice([None, "x", some_text(dice), some_value(dice)]) for _ in range(4)]
    given += [some_map(dice), NOW_MS]
    expected, found = (plain_events(core, limit).encode(*given) for core in (pure, COMPILED))
    return given, expected, found


def some_record(dice: random.Random) -> bytes:
    def sendable(values: dict[Any, Any]) -> dict[str, Any]:
        return {
            key.encode("utf-8", "replace").decode(): value.encode("utf-8", "replace").decode()
            if type(value) is str
            else value
            for key, value in values.items()
            if type(value) in (str, int, bool) or (type(value) is float and value - value == 0)
            if type(value) is not int or abs(value) < 2**63
        }

    record = {"eventType": dice.choice(list(EVENT_TYPES)), "timestamp": dice.randrange(2**63)}
    fields = {
        **record,
        "eventName": "é" * dice.randrange(300),
        "attributes": sendable(some_map(dice)),
    }
    fields["resourceItem"] = {"id": "1", "key": "k", "attributes": sendable(some_map(dice))}
    return msgspec.json.encode(fields)


def bitten(dice: random.Random, record: bytes) -> bytes:
    found = bytearray(record)
    for _ in range(dice.choice([0, 1, 1, 2, 8])):
        at = dice.randrange(len(found) + 1)
        found[at : at + dice.randrange(3)] = dice.choice(BITES)
    if dice.random() < 0.1:
        del found[dice.randrange(len(found) + 1) :]
    return bytes(found)


def as_written(core: Any, records: list[bytes]) -> Any:
    try:
        return protobuf_list(core, Kind.EVENT).encode(records)
    except Exception as error:
        return type(error), str(error)


def repeats_a_key(record: bytes) -> bool:
    """Whether a key of an object comes twice: then both say the same, in other bytes."""
    repeated = [False]

    def look(pairs: list[tuple[str, Any]]) -> None:
        repeated[0] |= len(dict(pairs)) < len(pairs)

    try:
        json.loads(record, object_pairs_hook=look)
    except ValueError:
        return False
    return repeated[0]


def throw_records(dice: random.Random) -> tuple[Any, Any, Any]:
    records = [bitten(dice, some_record(dice)) for _ in range(dice.randrange(1, 3))]
    if any(map(repeats_a_key, records)):
        return records, None, None
    return records, as_written(pure, records), as_written(COMPILED, records)


def throw_at_rings(dice: random.Random) -> tuple[Any, Any, Any]:
    batch = dice.randrange(1, 50), dice.randrange(1, 500)
    seed = dice.randrange(2**32)
    return (batch, seed), steps(pure, batch, seed), steps(COMPILED, batch, seed)


def steps(core: Any, batch: tuple[int, int], seed: int) -> list[Any]:
    """What a ring tells at many random steps."""
    dice, ring, admission = random.Random(seed), core.Ring(*batch), core.Admission()
    admission.max_events = 5000
    told: list[Any] = []
    flights: list[tuple[int, tuple[bytes, ...]]] = []
    for _ in range(200):
        step = dice.randrange(10)
        if step < 5:
            record = b"x" * dice.randrange(30)
            told.append([ring.enter(admission, record) for _ in range(dice.randrange(100))])
        elif step < 7 and len(ring):
            first, records, size = ring.take()
            told.append((first, records, size))
            flights.append((first, records))
        elif step < 8 and flights:
            first, records = flights.pop()
            part = dice.randrange(len(records) + 1)
            ring.put_back(Taken(records[part:], first + part))
        elif step < 9 and len(ring):
            told.append(ring.drop_oldest())
        elif dice.random() < 0.1:
            told.append(ring.drop_all())
        told.append((len(ring), ring.size, ring.next_seq, ring.first_seq(), ring.came_back()))
        told.append(admission.snapshot())
    return told


def throw_files(dice: random.Random) -> tuple[Any, Any, Any]:
    """What may be in segments, read by both cores."""
    frames = [
        pure.packed(
            1, dice.randrange(30), dice.randrange(2**40), dice.randbytes(dice.choice(SIZES))
        )
        for _ in range(dice.randrange(20))
    ]
    files = [bitten(dice, b"".join(frames)), bitten(dice, b"".join(reversed(frames)))]
    return files, read_back(pure, files), read_back(COMPILED, files)


SIZES = [0, 1, 7, 30, 300]


def read_back(core: Any, files: list[bytes]) -> list[Any]:
    entries, told = core.Entries(1), list[Any]()
    for file in files:
        entries.add(file, 3)
        told.append((len(entries), entries.size, entries.end, entries.gaps(0, 40)))
        told += [(entries.next(seq), entries.run(seq, 5, 400)) for seq in range(0, 32, 3)]
    return told


def throw_planned(dice: random.Random) -> tuple[Any, Any, Any]:
    """A planned event, decided about by the core, and by Python, which takes the long way."""
    names = [some_name(dice) for _ in range(dice.randrange(4))]
    call = EventCall("pay", {name: some_rule(dice) for name in names}, dice.choice([(), ("k",)]))
    values = [dice.choice([None, some_value(dice)]) for _ in dict.fromkeys(names)]
    visitor, key = dice.choice([None, "v", some_text(dice)]), dice.choice([None, "k"])
    given = (None, visitor, key, "u", *values)
    found = sent_by(lambda tracker: call.track(tracker, *given))
    expected = sent_by(lambda tracker: call.track_more(tracker, None, *given))
    return (names, given), expected, found


def some_name(dice: random.Random) -> str:
    return some_text(dice).replace("\ud800", "") or "x"


def some_rule(dice: random.Random) -> Property:
    bounds = sorted([some_number(dice), some_number(dice)])
    type_ = dice.choice([None, "string", "integer", "number", "boolean"])
    enums: list[tuple[str, ...]] = [("1", "a"), ("x" * 9, "é", "")]
    if type_ in ("integer", "number"):
        enums = [("1", "-3", "007"), ("5", "6")]
    return Property(
        type_,
        required=dice.random() < 0.3,
        enum=dice.choice([(), (), *enums]),
        min=dice.choice([None, bounds[0]]),
        max=dice.choice([None, bounds[1]]),
    )


def sent_by(track: Callable[[GrowingTracker], object]) -> Any:
    """The record of what is tracked but for its time, or the error."""
    consumer = RecordingConsumer()
    try:
        track(GrowingTracker.consumer(consumer))
    except GrowingParamException as error:
        return str(error)
    return [one.record.partition(b',"eventName"')[2] for one in consumer.events]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    throws = [throw_planned]
    if COMPILED is None:
        print("there is no compiled core to compare with: only planned events")
    else:
        throws += [throw_event, throw_event, throw_records, throw_records]
        throws += [throw_at_rings, throw_files]
    until, rounds = time.monotonic() + options.seconds, 0
    while time.monotonic() < until:
        seed = options.seed + rounds
        dice = random.Random(seed)
        thrown, expected, found = dice.choice(throws)(dice)
        if found != expected:
            print(f"--seed {seed}: {thrown!r}\npure:     {expected!r}\ncompiled: {found!r}")
            return 1
        rounds += 1
    print(f"{rounds} rounds from seed {options.seed}: both cores always did the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
