"""One message between decoding and checking."""

import msgspec

from growingio_tracker.collector.problems.problem import Problem


class Message(msgspec.Struct, frozen=True, gc=False):
    """The JSON text of one message and what was found wrong while decoding it.

    ``text`` is None when the message could not be read at all.
    """

    text: bytes | None
    problems: tuple[Problem, ...] = ()
