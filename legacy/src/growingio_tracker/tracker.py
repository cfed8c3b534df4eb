# -*- coding: utf-8 -*-
"""The tracker: every call's message is checked and handed to a consumer."""

import copy

from growingio_tracker._compat import strings
from growingio_tracker.consumer import DefaultConsumer
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import CustomEventMessage, ItemMessage, UserLoginMessage
from growingio_tracker.values import required


class GrowingTracker(object):
    """Tracks events, user attributes and items of one data source, from any thread.

    ``consumer`` is the delivery strategy; ``None`` is a :class:`DefaultConsumer`. Every call raises
    :class:`GrowingParamException` when the message cannot be sent, and what the consumer raises. A
    single attribute that cannot be sent is left out and logged.
    """

    def __init__(self, product_id, data_source_id, server_host, consumer=None):
        self._product_id = required(product_id, "product_id", strings)
        self._data_source_id = required(data_source_id, "data_source_id", strings)
        self._consumer = consumer or DefaultConsumer(product_id, data_source_id, server_host)

    @staticmethod
    def consumer(consumer):
        """Return a tracker with the ids and the server of ``consumer``."""
        try:
            own = consumer._product_id, consumer._data_source_id, consumer._server_host
        except AttributeError:
            raise GrowingParamException("consumer must be a consumer such as DefaultConsumer(...), "
                                        "got %s" % type(consumer).__name__)
        return GrowingTracker(own[0], own[1], own[2], consumer)

    def track_custom_event(self, event_name, event_time=None, anonymous_id=None,
                           login_user_key=None, login_user_id=None, attributes=None):
        """Track a custom event (埋点事件). ``event_time`` is in Unix milliseconds; ``None`` is now.

        ``anonymous_id`` or ``login_user_id`` is needed, and the latter with ``login_user_key``.
        """
        self.track(CustomEventMessage(event_time, event_name, login_user_key, login_user_id,
                                      anonymous_id, attributes, event_time))

    def track_user(self, login_user_key=None, login_user_id=None, anonymous_id=None,
                   event_time=None, attributes=None):
        """Set attributes of a user (登录用户属性事件)."""
        self.track(UserLoginMessage(login_user_key, login_user_id, event_time, anonymous_id,
                                    attributes, event_time))

    def submit_item(self, item_key, item_id, item_attrs=None):
        """Upload a row of a dimension table (维度表)."""
        self.track(ItemMessage(item_key, item_id, item_attrs))

    def track(self, message):
        """Track a message that a builder made, as this tracker's. ``message`` is not changed."""
        if not hasattr(message, "kind"):
            raise GrowingParamException(
                "message must be what build() returns, got %s" % type(message).__name__)
        own = copy.copy(message)
        own.set_product_id(self._product_id).set_data_source_id(self._data_source_id)
        own.check()
        self._consumer.send(own)
