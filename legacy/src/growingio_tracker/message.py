# -*- coding: utf-8 -*-
"""The kinds of message, their builders, and how they stand on the wire."""

from __future__ import unicode_literals

import time
from collections import namedtuple

from growingio_tracker._compat import strings
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import event_time_ms, identifier, mapping, required, sendable
from growingio_tracker.version import VERSION

NOT_USER = "$notuser"

# A field is the attribute of a message, its key in JSON, and its number in protobuf.
Kind = namedtuple("Kind", "endpoint path list_number fields")
EVENT = Kind("collect", "/v3/projects/%s/collect", 1, (
    ("event_type", "eventType", 6), ("sdk_version", "sdkVersion", 19), ("platform", "platform", 7),
    ("event_time", "timestamp", 8), ("event_name", "eventName", 22),
    ("anonymous_id", "deviceId", 1), ("login_user_key", "userKey", 55),
    ("login_user_id", "userId", 2), ("attributes", "attributes", 24), ("send_time", "sendTime", 54),
    ("data_source_id", "dataSourceId", 5), ("product_id", "projectKey", 53)))
ITEM = Kind("item", "/projects/%s/collect/item", 2, (
    ("item_id", "id", 1), ("item_key", "key", 2), ("attributes", "attributes", 3),
    ("data_source_id", "dataSourceId", 4), ("product_id", "projectKey", 5)))
KINDS = (EVENT, ITEM)


def present(message):
    """Return (value, JSON key, protobuf number) of each field that ``message`` has."""
    found = [(getattr(message, name), key, number) for name, key, number in message.kind.fields]
    return [field for field in found if field[0] is not None]


def now_ms():
    """Return the time in Unix milliseconds."""
    return int(time.time() * 1000)


class _Fields(object):
    """Values by name: a message's, or those that a builder has collected."""

    product_id = data_source_id = attributes = None

    def _set(self, **values):
        vars(self).update(values)
        return self

    # The tracker sets its own ids on what it sends.
    def set_product_id(self, product_id):
        return self._set(product_id=product_id)

    def set_data_source_id(self, data_source_id):
        return self._set(data_source_id=data_source_id)


class _Builder(_Fields):
    """Every setter returns the builder; ``build()`` returns a message with what was set so far."""

    message_class = None

    def add_attribute(self, key, value):
        return self._add({key: value})

    def build(self):
        return self.message_class.__new__(self.message_class)._set(**vars(self))

    def _add(self, attributes):
        both = dict(self.attributes or {})  # a copy: what was built before keeps its own
        both.update(mapping(attributes, "attributes"))
        return self._set(attributes=both)


class _EventBuilder(_Builder):
    def __init__(self):
        self.event_time = now_ms()

    def set_event_time(self, timestamp):
        return self if timestamp is None else self._set(event_time=timestamp, send_time=timestamp)

    def set_anonymous_id(self, device_id):
        return self._set(anonymous_id=device_id)

    def set_login_user(self, user_key=None, user_id=None):
        return self._set(login_user_key=user_key, login_user_id=user_id)

    def set_login_user_key(self, user_key):
        return self._set(login_user_key=user_key)

    def set_login_user_id(self, user_id):
        return self._set(login_user_id=user_id)

    def set_attributes(self, map):
        return self if map is None else self._add(map)


class _Event(_Fields):
    kind, sdk_version, platform = EVENT, VERSION, "python"
    event_name = event_time = send_time = anonymous_id = login_user_key = login_user_id = None

    def check(self):
        """Give every value the form in which it is sent, or raise a GrowingParamException."""
        self.attributes = sendable(self.attributes, "attributes")
        for name in ("anonymous_id", "login_user_key", "login_user_id"):
            setattr(self, name, identifier(getattr(self, name), name))
        if self.login_user_key not in (None, NOT_USER) and self.login_user_id is None:
            raise GrowingParamException(
                "login_user_key was given without login_user_id; give both, or neither")
        if self.anonymous_id is self.login_user_id is self.login_user_key is None:
            raise GrowingParamException(
                "anonymous_id and login_user_id are both missing; give at least one, or "
                "login_user_key='%s' for an event that has no user" % NOT_USER)
        self.event_time = now_ms() if self.event_time is None else event_time_ms(self.event_time)
        if self.send_time is not None:
            self.send_time = event_time_ms(self.send_time)


class CustomEventMessage(_Event):
    """A custom event (埋点事件)."""

    event_type = "CUSTOM"

    def __init__(self, event_time, event_name, login_user_key, login_user_id, anonymous_id,
                 attributes, send_time=None, product_id=None, data_source_id=None):
        self._set(event_time=event_time, event_name=event_name, login_user_key=login_user_key,
                  login_user_id=login_user_id, anonymous_id=anonymous_id, attributes=attributes,
                  send_time=send_time, product_id=product_id, data_source_id=data_source_id)

    def check(self):
        self.event_name = required(self.event_name, "event_name", strings)
        super(CustomEventMessage, self).check()

    class EventBuilder(_EventBuilder):
        def set_event_name(self, name):
            return self._set(event_name=name)


class UserLoginMessage(_Event):
    """A user's attributes (登录用户属性事件)."""

    event_type = "LOGIN_USER_ATTRIBUTES"

    def __init__(self, login_user_key, login_user_id, event_time, anonymous_id, attributes,
                 send_time, product_id=None, data_source_id=None):
        self._set(login_user_key=login_user_key, login_user_id=login_user_id,
                  event_time=event_time, anonymous_id=anonymous_id, attributes=attributes,
                  send_time=send_time, product_id=product_id, data_source_id=data_source_id)

    class UserBuilder(_EventBuilder):
        pass


class ItemMessage(_Fields):
    """A row of a dimension table (维度表)."""

    kind, item_key, item_id = ITEM, None, None

    def __init__(self, item_key, item_id, attrs=None, product_id=None, data_source_id=None):
        self._set(item_key=item_key, item_id=item_id, attributes=attrs, product_id=product_id,
                  data_source_id=data_source_id)

    def check(self):
        self._set(item_key=required(self.item_key, "item_key"),
                  item_id=required(self.item_id, "item_id"),
                  attributes=sendable(self.attributes, "item_attrs"))

    class ItemBuilder(_Builder):
        def set_item_key(self, item_key):
            return self._set(item_key=item_key)

        def set_item_id(self, item_id):
            return self._set(item_id=item_id)

        def set_attributes(self, map):  # unlike an event's, this replaces those set before
            self.attributes = None
            return self if map is None else self._add(map)


CustomEventMessage.EventBuilder.message_class = CustomEventMessage
UserLoginMessage.UserBuilder.message_class = UserLoginMessage
ItemMessage.ItemBuilder.message_class = ItemMessage
