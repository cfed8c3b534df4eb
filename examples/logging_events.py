"""Log records as events: warnings of the logger ``shop``, and what is marked as one."""

import logging
import socket

from growingio_tracker import GrowingTracker
from growingio_tracker.integrations.logging_handler import EventHandler

tracker = GrowingTracker.from_env()
log = logging.getLogger("shop")


def is_chosen(record: logging.LogRecord) -> bool:
    """Return whether a record is to be an event."""
    return record.levelno >= logging.WARNING or hasattr(record, "sku")


logging.basicConfig(level=logging.DEBUG)
logging.getLogger().addHandler(EventHandler(tracker, "shop_log", logging.INFO, is_chosen))

with tracker.context(login_user_id="user-1"):
    log.info("sold", extra={"sku": "A-1"})
    log.info("nobody counts this")
    try:
        socket.create_connection(("127.0.0.1", 1), timeout=1)
    except OSError:
        log.exception("payment failed")
log.warning("stock is low")
tracker.close()
