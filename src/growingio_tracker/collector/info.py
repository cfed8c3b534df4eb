"""What a collector says about itself."""

import msgspec

from growingio_tracker.collector.decode.limits import MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_EVENTS
from growingio_tracker.version import VERSION


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept and taken at most; ``max_events`` and ``max_age_s`` are None for no bound."""

    max_events: int | None
    max_age_s: float | None
    max_body_bytes: int = MAX_BODY_BYTES
    max_decoded_bytes: int = MAX_DECODED_BYTES
    max_events_per_request: int = MAX_EVENTS


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """``urls`` are the addresses clients may be given, the first one the page's.

    ``db`` is the file that keeps everything; ``temporary`` says that it is removed at the end.
    ``plan`` says whether there is a tracking plan, ``forward`` is the server that requests are
    passed on to, None when they are not. ``lang`` is ``"auto"``, ``"zh-CN"`` or ``"en"``.
    """

    urls: tuple[str, ...]
    db: str
    temporary: bool
    limits: Limits
    plan: bool = False
    forward: str | None = None
    lang: str = "auto"
    version: str = VERSION
