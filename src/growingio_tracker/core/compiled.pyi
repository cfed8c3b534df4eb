from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, final

from growingio_tracker.core.contract import (
    Announce,
    Constants,
    Doorway,
    EventNames,
    NotPlain,
)
from growingio_tracker.core.inputs import (
    BoundTracker,
    EncodeRecord,
    FieldOf,
    TakenRecords,
    UsualValues,
)

_R = TypeVar("_R", bound=ReceiptBase)
_S = TypeVar("_S", bound=SegmentBase)
_T = TypeVar("_T")

def join_array(records: Sequence[bytes], /) -> bytes: ...
def packed(kind_code: int, seq: int, at_ms: int, record: bytes, /) -> bytes: ...
def process_number() -> int: ...
def speed_up(tracker_class: type[BoundTracker], /) -> None: ...

@final
class PlainEvents:
    def __init__(
        self, tag: tuple[str, str], names: EventNames, constants: Constants, max_bytes: int, /
    ) -> None: ...
    def encode(
        self,
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
        time_ms: int | None = None,
        /,
    ) -> bytes | NotPlain: ...

@final
class Admission:
    pending: int
    pending_bytes: int
    max_events: int
    max_bytes: int
    def __init__(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def has_room(self, size: int, /) -> bool: ...
    def came(self, events: int, size: int, /) -> None: ...
    def gone(self, events: int, size: int, /) -> None: ...
    def snapshot(self) -> tuple[int, int]: ...

@final
class Ring:
    def __init__(self, max_events: int, max_bytes: int, /) -> None: ...
    def __len__(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def next_seq(self) -> int: ...
    def enter(self, admission: Admission, record: bytes, /) -> int: ...
    def first_seq(self) -> int: ...
    def came_back(self) -> bool: ...
    def take(self) -> tuple[int, tuple[bytes, ...], int]: ...
    def put_back(self, batch: TakenRecords, /) -> None: ...
    def drop_oldest(self) -> int: ...
    def drop_all(self) -> tuple[int, int]: ...

@final
class Entries:
    def __init__(self, kind_code: int, /) -> None: ...
    def __len__(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def end(self) -> int: ...
    def add(self, data: bytes, first: int, /) -> int: ...
    def next(self, seq: int, /) -> tuple[int, int, bytes] | None: ...
    def run(
        self, seq: int, most_events: int, most_bytes: int, /
    ) -> tuple[int, tuple[bytes, ...], int]: ...
    def gaps(self, seq: int, end: int, /) -> list[tuple[int, int]]: ...

class SegmentBase:
    number: int
    end: int
    size: int
    events: int
    payload: int

@final
class JournalEnd(Generic[_S]):
    newest: _S | None
    entered: int
    first: int
    waiting: int
    size: int
    max_events: int
    max_bytes: int
    is_let_go: bool
    def __init__(self, kind_code: int, entered: int, segment_bytes: int, /) -> None: ...
    def enter(self, admission: Admission, record: bytes, /) -> int: ...
    def keep_time(self, now_ms: Callable[[], int], wall_ms: int | None, /) -> None: ...
    def write_directly(self, number: int, slots_at: int, /) -> None: ...
    def close(self) -> None: ...

class ReceiptBase:
    def __init__(self, outcomes: Any, lane: int, seq: int, /) -> None: ...
    @property
    def _outcomes(self) -> Any: ...
    @property
    def _lane(self) -> int: ...
    @property
    def _seq(self) -> int: ...

@final
class Entrance(Generic[_R]):
    def __init__(
        self,
        receipt_type: type[_R],
        outcomes: object,
        admission: Admission,
        ring: Ring | None,
        lane: int,
        senders: set[int],
        announce: Announce | None,
        doorway: Doorway,
        /,
    ) -> None: ...
    @property
    def is_open(self) -> bool: ...
    def open(self) -> None: ...
    def shut(self) -> None: ...
    def lead_to(
        self, journal: JournalEnd[Any] | None, lane: int, announce: Announce | None, /
    ) -> None: ...
    def offer(self, record: bytes, /) -> _R | None: ...

@final
class ShortWay:
    def __init__(self) -> None: ...
    def lead_to(self, entrance: Entrance[Any] | None, /) -> None: ...

@final
class PlainCalls(Generic[_T]):
    def __init__(
        self,
        events: PlainEvents,
        way: ShortWay,
        accept: Callable[[Any, bytes], _T],
        kind: object,
        bindings: Callable[[], object],
        /,
    ) -> None: ...
    def track(
        self,
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
        /,
    ) -> _T | NotPlain: ...
    def take(
        self,
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
        /,
    ) -> _T | NotPlain: ...

@final
class PlannedEvent(Generic[_T]):
    def __init__(
        self,
        name: str,
        values: tuple[UsualValues, ...],
        user_keys: frozenset[str] | None,
        slow: Callable[..., _T],
        /,
    ) -> None: ...
    def track(
        self,
        tracker: object,
        event_time: object,
        anonymous_id: str | None,
        login_user_key: str | None,
        login_user_id: str | None,
        /,
        *values: object,
    ) -> _T: ...

@final
class ProtobufList:
    def __init__(
        self, number: int, fields: tuple[FieldOf, ...], otherwise: EncodeRecord, /
    ) -> None: ...
    def encode(self, records: Sequence[bytes], /) -> bytes: ...
