"""Messages as clients post them, for the tests of the collector's pages."""

from __future__ import annotations

import time
from collections.abc import Callable

Send = Callable[..., None]
"""Posts one request: ``send(*messages, path=…, body=…)``."""


def event(name: str, user: str = "u1", **more: object) -> dict[str, object]:
    """Return an event that passes every check, unless ``more`` spoils it."""
    now = int(time.time() * 1000)
    whole = {"eventType": "CUSTOM", "eventName": name, "timestamp": now, "userId": user}
    return {**whole, "dataSourceId": "d1", **more}


def item(id_: str, **attributes: str) -> dict[str, object]:
    """Return an item of the table ``goods``."""
    return {"id": id_, "key": "goods", "attributes": attributes}
