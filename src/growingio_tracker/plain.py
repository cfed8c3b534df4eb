"""The short way to the record of an event that can be sent as it stands, as nearly all can.

Nothing here changes or refuses anything: what is not plain takes the way over a message, whose
check knows what to do with it.
"""

from __future__ import annotations

from msgspec import Struct

from growingio_tracker.checks import PLATFORM
from growingio_tracker.record import encode
from growingio_tracker.values import Attributes, is_plain
from growingio_tracker.version import VERSION
from growingio_tracker.wire import EVENT


class _PlainEvent(
    Struct, omit_defaults=True, tag_field="eventType", tag="CUSTOM", rename=EVENT.json_names
):
    """What a plain event may have; the fields stand in the order of a custom event's message.

    ``None`` is not sent.
    """

    event_time: int
    event_name: str
    login_user_key: str | None = None
    login_user_id: str | None = None
    anonymous_id: str | None = None
    attributes: Attributes | None = None
    product_id: str | None = None
    data_source_id: str | None = None
    sdk_version: str | None = None
    platform: str | None = None


def plain_event_record(
    now_ms: int,
    event_name: str,
    login_user_key: str | None,
    login_user_id: str | None,
    anonymous_id: str | None,
    attributes: Attributes | None,
    product_id: str,
    data_source_id: str,
) -> bytes | None:
    """Return the record of a custom event of ``now_ms``; ``None`` when it is not plain."""
    # Written out instead of in small functions, because it runs on every call.
    if (
        (type(event_name) is str and event_name)
        and (
            (login_user_id is None and login_user_key is None and anonymous_id is not None)
            or (type(login_user_id) is str and login_user_id)
        )
        and (anonymous_id is None or (type(anonymous_id) is str and anonymous_id))
        and (login_user_key is None or (type(login_user_key) is str and login_user_key))
        and (attributes is None or (is_plain(attributes) and attributes))
    ):
        try:
            return encode(
                _PlainEvent(
                    now_ms,
                    event_name,
                    login_user_key,
                    login_user_id,
                    anonymous_id,
                    attributes,
                    product_id,
                    data_source_id,
                    VERSION,
                    PLATFORM,
                )
            )
        except (TypeError, ValueError):  # rare, and the long way finds out why
            pass
    return None
