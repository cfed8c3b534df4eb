"""What a format is, in the engine's words and in those of release 1.0.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from growingio_tracker._clock import now_ms
from growingio_tracker._overrides import is_overridden_before
from growingio_tracker.arguments import valid_text
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import Message
from growingio_tracker.record import decode
from growingio_tracker.wire import Kind


@runtime_checkable
class Parser(Protocol):
    """A parser as 1.0.5 knows it: four methods, no base class needed."""

    def get_bytes(self, messages: Sequence[Any], stm: int | None = None) -> Any:
        """Return the body of ``messages``, str or bytes."""

    def get_headers(self) -> Mapping[str, str] | None:
        """Return the headers that say what the body is."""

    def get_params(self, stm: int | None = None) -> Mapping[str, Any] | None:
        """Return the query parameters of the request."""

    def get_timestamp(self) -> int:
        """Return the send time in Unix milliseconds."""
        ...


class DataParser:
    """Base class of formats.

    A format of your own overrides :meth:`get_bytes`, which gets messages, or
    :meth:`encode_records`, which gets records and is faster.
    """

    _MESSAGE_METHODS: ClassVar[frozenset[str]] = frozenset({"get_bytes"})
    """What 1.0.5 let a subclass override to encode messages."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_overridden_before(cls, cls._MESSAGE_METHODS, "encode_records"):
            cls.encode_records = DataParser.encode_records  # type: ignore[method-assign]

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the body for ``records``, all of one kind, to be sent at ``stm`` (Unix ms).

        This implementation rebuilds the messages and asks :meth:`get_bytes`.
        """
        return as_bytes(self.get_bytes([decode(kind, record) for record in records], stm))

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the body of ``messages``, all of one kind."""
        raise NotImplementedError(f"{type(self).__name__} has neither get_bytes nor encode_records")

    def get_headers(self) -> dict[str, str]:
        """Return the headers that say what the body is."""
        return {}

    def get_params(self, stm: int | None = None) -> dict[str, Any]:
        """Return the query parameters: ``stm``, the send time in Unix milliseconds."""
        return {"stm": stm}

    @staticmethod
    def get_timestamp() -> int:
        """Return the send time in Unix milliseconds; it is taken when the body is made."""
        return now_ms()


_OURS: Final = f"{__package__}."


class _ForeignParser(DataParser):
    """Puts a parser from outside this package into the engine, and asks it as 1.0.5 did.

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

    # A parser's own clock counts, for instance one that follows the server's time.
    def get_timestamp(self) -> int:  # type: ignore[override] # pyright: ignore
        return self._parser.get_timestamp()


def as_data_parser(parser: object) -> DataParser:
    """Return ``parser`` as the engine needs it.

    :raises GrowingParamException: when it lacks a method of 1.0.5's parsers.
    """
    if isinstance(parser, DataParser) and type(parser).__module__.startswith(_OURS):
        return parser
    if isinstance(parser, Parser) and not isinstance(parser, type):
        return _ForeignParser(parser)
    raise GrowingParamException(
        "data_parser must be a parser object such as JsonParser(), with get_bytes, get_headers, "
        f"get_params and get_timestamp; got {parser!r}"
    )


def as_bytes(body: object) -> bytes:
    """Return what a parser's ``get_bytes`` returned as bytes; str is encoded as UTF-8.

    :raises GrowingParamException: when it is neither, or text that is not valid Unicode.
    """
    if isinstance(body, str):
        return valid_text(body, "what get_bytes returned").encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)  # pyright: ignore[reportUnknownArgumentType]
    raise GrowingParamException(f"get_bytes must return str or bytes, got {type(body).__name__}")
