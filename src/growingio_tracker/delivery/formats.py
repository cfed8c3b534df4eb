"""Formats (public name: parsers), which encode the records of a batch as a request body.

A parser from outside this package is called by the methods of release 1.0.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

from growingio_tracker.core import join_array
from growingio_tracker.model import Message
from growingio_tracker.model.arguments import valid_text
from growingio_tracker.model.options import OptionType
from growingio_tracker.model.record import decode, record_of
from growingio_wire.clock import now_ms
from growingio_wire.errors import invalid
from growingio_wire.said import Said
from growingio_wire.table import (
    Kind,
)

if TYPE_CHECKING:
    from json import JSONEncoder
else:
    JSONEncoder = Any  # json takes a while to import, and few programs need its encoders

_OURS: Final = frozenset({__name__, "growingio_tracker.delivery.binary"})
"""Modules of this package's parsers, which are used as they are."""


def is_overridden_before(cls: type, old: Set[str], new: str) -> bool:
    """Return whether the nearest class to define any of the ``old`` names lacks the ``new`` one.

    Nearest means first in the order in which attributes are looked up, mixins included.
    """
    for base in cls.__mro__:
        own = vars(base)
        if new in own:
            return False
        if not old.isdisjoint(own):
            return True
    return False


@runtime_checkable
class Parser(Protocol):
    """A parser as 1.0.5 knows it: four methods, no base class needed."""

    def get_bytes(self, messages: Sequence[Any], stm: int | None = None) -> Any:
        """Return the body of ``messages``, str or bytes."""

    def get_headers(self) -> Mapping[str, str] | None:
        """Return the headers that describe the body."""

    def get_params(self, stm: int | None = None) -> Mapping[str, Any] | None:
        """Return the query parameters of the request."""

    def get_timestamp(self) -> int:
        """Return the send time in Unix milliseconds."""
        ...


class DataParser:
    """Base class of formats.

    A format of your own overrides :meth:`get_bytes`, which receives messages, or
    :meth:`encode_records`, which receives records and is faster.
    """

    _MESSAGE_METHODS: ClassVar[frozenset[str]] = frozenset({"get_bytes"})
    """Methods that a subclass could override in 1.0.5 to encode messages."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_overridden_before(cls, cls._MESSAGE_METHODS, "encode_records"):
            cls.encode_records = DataParser.encode_records  # type: ignore[method-assign]

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the body for ``records``, all of one kind, to be sent at ``stm`` (Unix ms).

        This implementation rebuilds the messages and calls :meth:`get_bytes`.
        """
        return as_bytes(self.get_bytes([decode(kind, record) for record in records], stm))

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the body of ``messages``, all of one kind."""
        raise NotImplementedError(f"{type(self).__name__} has neither get_bytes nor encode_records")

    def get_headers(self) -> dict[str, str]:
        """Return the headers that describe the body."""
        return {}

    def get_params(self, stm: int | None = None) -> dict[str, Any]:
        """Return the query parameters: ``stm``, the send time in Unix milliseconds."""
        return {"stm": stm}

    @staticmethod
    def get_timestamp() -> int:
        """Return the send time in Unix milliseconds, taken when the body is encoded."""
        return now_ms()


class JsonParser(DataParser):
    """Sends JSON.

    A subclass that overrides :meth:`get_bytes`, :meth:`json` or :meth:`json_dumps`, as 1.0.5
    allowed, still receives messages.
    """

    _MESSAGE_METHODS: ClassVar[frozenset[str]] = frozenset({"get_bytes", "json", "json_dumps"})

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the JSON array of ``records``."""
        return join_array(records)

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the JSON array of ``messages`` as ASCII text."""
        return "[{}]".format(",".join(map(self.json, messages)))

    def get_headers(self) -> dict[str, str]:
        """Return the content type."""
        return {"content-type": "application/json"}

    def json(self, message: Message) -> str:
        """Return one message as a JSON object."""
        from json import loads  # slow to import, and few programs need it

        return self.json_dumps(loads(record_of(message)))

    @staticmethod
    def json_dumps(data: Any, cls: type[JSONEncoder] | None = None) -> str:
        """Return ``data`` as compact ASCII JSON."""
        from json import dumps

        return dumps(data, separators=(",", ":"), cls=cls)


class _ForeignParser(DataParser):
    """Adapts a parser from outside this package, and calls it as 1.0.5 did.

    It may return ``None`` for headers and parameters.
    """

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        if isinstance(self._parser, DataParser):
            return as_bytes(self._parser.encode_records(kind, records, stm))
        return super().encode_records(kind, records, stm)

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        return as_bytes(self._parser.get_bytes(messages, stm))

    def get_headers(self) -> dict[str, str]:
        return dict(self._parser.get_headers() or {})

    def get_params(self, stm: int | None = None) -> dict[str, Any]:
        return dict(self._parser.get_params(stm=stm) or {})

    # A parser may have its own clock, for example one that follows the server's time.
    def get_timestamp(self) -> int:  # type: ignore[override] # pyright: ignore
        return self._parser.get_timestamp()


PARSER: Final = OptionType(
    Said(
        "a parser object such as JsonParser(), with get_bytes, get_headers, get_params and "
        "get_timestamp",
        "带有 get_bytes、get_headers、get_params 和 get_timestamp 的 parser 对象，"
        "例如 JsonParser()",
    ),
    lambda value: isinstance(value, Parser) and not isinstance(value, type),
)
"""Type of the option ``data_parser``."""


def as_data_parser(parser: Parser) -> DataParser:
    """Return ``parser``, adapted if it is from outside this package."""
    if isinstance(parser, DataParser) and type(parser).__module__ in _OURS:
        return parser
    return _ForeignParser(parser)


def as_bytes(body: object) -> bytes:
    """Return what a parser's ``get_bytes`` returned as bytes; str is encoded as UTF-8.

    :raises GrowingParamException: if it is neither, or text that is not valid Unicode.
    """
    if isinstance(body, str):
        return valid_text(body, "what get_bytes returned").encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)  # pyright: ignore[reportUnknownArgumentType]
    got = type(body).__name__
    raise invalid(
        f"get_bytes must return str or bytes, got {got}",
        f"get_bytes 必须返回 str 或 bytes，而不是 {got}",
    )
