"""Error tree.

::

    GrowingError
    ├── GrowingParamException      (also ValueError)   an argument is invalid; nothing was queued
    ├── GrowingIOException                             an event was not delivered or queued
    │   ├── TransportError                             no response: connection, TLS, time-out
    │   ├── RejectedError                              the server responded with an error
    │   ├── QueueFullError                             the queue is full
    │   ├── SpoolError                                 the spool on disk cannot be used
    │   └── ProxyError      (also GrowingParamException)  the environment's proxy is invalid
    └── MissingExtraError          (also ImportError)  an optional package is not installed

Every message says what happened, what became of the events, and whether retrying helps. Facts that
a program may depend on are attributes, so that nothing has to parse messages.

:class:`DecodeError` stands apart: decoders raise it within the limits of :class:`DecodeLimits`, and
their callers turn it into a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from growingio_wire.said import Said, in_both, joined


class GrowingError(Exception):
    """Base class of the errors that this package raises.

    :param message: the message, or the message in both languages.
    :ivar said: the message in English, which is also the error's text, and in Chinese, which the
        commands show to people who read it. The English one twice if there is no Chinese one.
    """

    def __init__(self, message: str | Said = "") -> None:
        self.said = in_both(message)
        super().__init__(self.said.en)


class GrowingParamException(GrowingError, ValueError):
    """An argument is invalid. The message names it and says what to do.

    Nothing was queued or sent by the call, and nothing queued before is affected.

    :param argument: the argument as the caller wrote it, for example ``"max_size"`` or
        ``"queue.max_events"``; empty if no single one is wrong.
    :param code: a fixed identifier of the reason, for example ``"out_of_range"``; may be empty.
    :param values: the values in the message, by name.
    """

    def __init__(
        self,
        message: str | Said = "",
        argument: str = "",
        *,
        code: str = "",
        values: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.argument = argument
        self.code = code
        self.values: Mapping[str, object] = values or {}


class GrowingIOException(GrowingError):
    """An event could not be delivered or queued.

    :ivar address: the address of the request, without its query; empty if there was none.
    """

    address: str = ""

    def add_fate(self, fate: Said) -> None:
        """Add to the message what happened to the events, unless it already says so."""
        if fate.en not in self.said.en:
            self.said = Said(f"{self.said.en}; {fate.en}", f"{self.said.zh}；{fate.zh}")
            self.args = (self.said.en,)


class TransportError(GrowingIOException):
    """A request got no usable response: refused, reset, timed out, or TLS failed.

    Retrying may help. The server may have processed a request whose response was lost.

    :param message: what happened, and where.
    :param code: a fixed identifier: ``timed_out``, ``closed``, ``reset``, ``cut_off``,
        ``refused``, ``unreachable``, ``unknown_host``, ``certificate``, ``tls``,
        ``tunnel_refused`` or ``not_http``; empty if unknown.
    """

    def __init__(self, message: str | Said = "", code: str = "") -> None:
        super().__init__(message)
        self.code = code


class RejectedError(GrowingIOException):
    """The server responded with a status other than 2xx.

    :param message: what happened and what became of the events.
    :param status: the HTTP status of the last response.
    :param body: the beginning of the last response's body (at most 1,000 characters).
    """

    def __init__(self, message: str | Said, status: int = 0, body: str = "") -> None:
        # status has a default because unpickling passes the message only.
        super().__init__(message)
        self.status = status
        self.body = body


class QueueFullError(GrowingIOException):
    """The queue is full and its overflow policy is ``"raise"``.

    The event was not queued. Retrying helps once the server accepts events again.
    """


class SpoolError(GrowingIOException):
    """The spool on disk cannot store an event. The events already there are safe."""


class ProxyError(GrowingParamException, GrowingIOException):
    """The environment names an invalid proxy, so nothing could be delivered.

    It is raised by constructors. ``argument`` is the variable; its value, which may contain a
    password, is not part of the error.
    """


class MissingExtraError(GrowingError, ImportError):
    """An optional package is missing. The message contains the ``pip install`` line."""


class DecodeError(Exception):
    """A body cannot be decoded. It holds facts, which become a sentence where they are shown.

    :param code: a fixed identifier of the reason, for example ``"not_lz4"``.
    :param offset: where in the input it was noticed, in bytes (in text, characters); ``None`` if
        unknown.
    :param values: further facts by name. ``detail`` is a further identifier, for example
        ``"ends_early"``.
    """

    def __init__(self, code: str, offset: int | None = None, /, **values: str | int) -> None:
        super().__init__(code, values)
        self.code = code
        self.offset = offset
        self.values = values


class DecodeLimits(Struct, frozen=True, kw_only=True):
    """Limits for decoding one body, which are checked before memory or time is spent.

    :param decoded_bytes: size after decompression.
    :param steps: entries of LZ-String's dictionary, or sequences of an LZ4 block.
    :param fields: fields of a protobuf body, including those of nested messages.
    """

    decoded_bytes: int
    steps: int
    fields: int


def invalid(
    en: str, zh: str, argument: str = "", *, code: str = "", **values: object
) -> GrowingParamException:
    """Return the error for an invalid argument."""
    return GrowingParamException(Said(en, zh), argument, code=code, values=values)


def must_be(
    wanted: Said, got: object, argument: str, *, code: str = "", of: str = ""
) -> GrowingParamException:
    """Return the error for an argument that is something else.

    :param wanted: what it must be, for example ``Said("a str", "字符串")``.
    :param got: what it is.
    :param of: what comes before the argument's name in the message.
    """
    return invalid(
        f"{of}{argument} must be {wanted.en}, got {got}",
        f"{of}{argument} 必须是{wanted.zh}，而不是 {got}",
        argument,
        code=code,
    )


def said_of(error: Exception) -> Said:
    """Return an error's message in both languages; that of the system is the same in both."""
    said = getattr(error, "said", None)
    return Said(str(error), said.zh if isinstance(said, Said) else str(error))


def plain_reason(error: Exception) -> str:
    """Return what the system says of a failed call, without number and path, or the message."""
    return getattr(error, "strerror", None) or str(error)


def with_response(error: GrowingError) -> Said:
    """Return an error's message, followed by the server's response if there is one."""
    body = error.body if isinstance(error, RejectedError) else ""
    return joined((error.said, Said(f"response: {body}", f"响应：{body}"))) if body else error.said


def missing_extra(feature: str | Said, extra: str) -> MissingExtraError:
    """Return the error for ``feature``, which needs the optional dependency set ``extra``."""
    what = in_both(feature)
    command = f'pip install "growingio_tracker[{extra}]"'
    return MissingExtraError(
        Said(
            f"{what.en} needs an optional package that is not installed. "
            f"Install it with: {command}",
            f"缺少“{what.zh}”所需的可选包。请运行：{command}",
        )
    )


def missing_data(feature: str | Said, package: str) -> GrowingError:
    """Return the error for ``feature``, which needs files of ``package`` that are not there."""
    what = in_both(feature)
    return GrowingError(
        Said(
            f"{what.en} is missing from this program. Whatever packed it has to take the package's "
            f"data along, for instance PyInstaller with --collect-data {package}.",
            f"此程序中缺少 {what.zh}。打包时需要带上该包的数据文件，例如 PyInstaller 的 "
            f"--collect-data {package}。",
        )
    )
