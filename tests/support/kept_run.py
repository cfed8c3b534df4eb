"""A collector's store filled as a client would fill it, without a server."""

import json
from contextlib import closing
from pathlib import Path

from growingio_tracker.collector.check import examine
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.store import Received, Store
from growingio_tracker.wire import Kind


def custom(name: str, attributes: object = None, **more: object) -> dict[str, object]:
    """Return a good CUSTOM event."""
    event = {"eventType": "CUSTOM", "eventName": name, "timestamp": 1, "userId": "u1"}
    return {**event, "attributes": {} if attributes is None else attributes, **more}


def item(key: str, attributes: object = None) -> dict[str, object]:
    """Return a good item."""
    return {"id": "1", "key": key, "attributes": {} if attributes is None else attributes}


def keep(path: Path, *events: object, items: tuple[object, ...] = ()) -> Path:
    """Store the messages in the file at ``path``, after what it holds, and return it."""
    with closing(Store(path)) as store:
        for kind, messages in ((Kind.EVENT, events), (Kind.ITEM, items)):
            texts = [json.dumps(message).encode() for message in messages]
            findings = [examine(kind, Message(text)) for text in texts]
            store.add(Received(1, "POST", "/", [], b"", 204, [], None, "p1", findings))
    return path
