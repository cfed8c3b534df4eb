"""A collector's store filled as a client would fill it, without a server."""

import json
from contextlib import closing
from pathlib import Path

from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.checking import check_one
from growingio_collector.store import EventStore
from growingio_collector.store.received import Received
from growingio_wire.table import Kind
from posted import event


def custom(
    name: str, attributes: object = None, user: str = "u1", **more: object
) -> dict[str, object]:
    """Return a good CUSTOM event."""
    return event(name, user, attributes={} if attributes is None else attributes, **more)


def item(key: str, attributes: object = None) -> dict[str, object]:
    """Return a good item."""
    return {"id": "1", "key": key, "attributes": {} if attributes is None else attributes}


def keep(path: Path, *events: object, items: tuple[object, ...] = ()) -> Path:
    """Store the messages in the file at ``path``, after what it holds, and return it."""
    with closing(EventStore(path)) as store:
        for kind, messages in ((Kind.EVENT, events), (Kind.ITEM, items)):
            texts = [json.dumps(message).encode() for message in messages]
            findings = [check_one(kind, DecodedMessage(text)) for text in texts]
            store.add(Received(1, "POST", "/", [], b"", 204, [], None, "p1", findings))
    return path
