# -*- coding: utf-8 -*-
"""The kinds of message and their builders. A message is checked when it is tracked."""

from __future__ import unicode_literals

import copy
import time

from growingio_tracker._compat import strings
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import (
    CONNECTOR, check_mapping, event_time_ms, identifier, required, sendable)
from growingio_tracker.version import VERSION
from growingio_tracker.wire import EVENT, ITEM, NOT_USER

__all__ = ["CONNECTOR", "CustomEventMessage", "ItemMessage", "Message", "UserLoginMessage"]


def now_ms():
    """Return the time in Unix milliseconds."""
    return int(time.time() * 1000)


class _Fields(object):
    """Values by name, set from a constructor's parameters or one by one."""

    def _set(self, **values):
        self.__dict__.update(values)
        return self

    def set_product_id(self, product_id):
        """Set the project id; the tracker sets its own on what it sends."""
        return self._set(product_id=product_id)

    def set_data_source_id(self, data_source_id):
        """Set the data source id; the tracker sets its own on what it sends."""
        return self._set(data_source_id=data_source_id)


class Message(_Fields):
    """What all kinds share. ``attributes_as`` names field and argument of the attributes."""

    is_checked = False

    def checked(self):
        """Return a checked copy that no later change reaches, and texts on what was left out.

        :raises GrowingParamException: when the message cannot be sent.
        """
        own, left_out = copy.copy(self), []
        own._check()
        field, argument = self.attributes_as
        attributes = getattr(self, field)
        if attributes is not None:
            attributes, left_out = sendable(attributes, argument)
            if not attributes and self.kind is EVENT:
                attributes = None
        return own._set(**{field: attributes, str("is_checked"): True}), left_out


class _EventMessage(Message):
    kind = EVENT
    attributes_as = str("attributes"), "attributes"
    sdk_version = VERSION
    platform = "python"

    def _check(self):
        for name in ("anonymous_id", "login_user_key", "login_user_id"):
            setattr(self, name, identifier(getattr(self, name), name))
        if self.login_user_id is None and self.login_user_key != NOT_USER:
            self._check_without_user()
        self.event_time = now_ms() if self.event_time is None else event_time_ms(self.event_time)
        if self.send_time is not None:
            self.send_time = event_time_ms(self.send_time, "send_time")

    def _check_without_user(self):
        if self.login_user_key is not None:
            raise GrowingParamException(
                "login_user_key was given without login_user_id; give both, or neither")
        if self.anonymous_id is None:
            raise GrowingParamException(
                "anonymous_id and login_user_id are both missing; give at least one, or "
                "login_user_key='%s' for an event that has no user" % NOT_USER)


class _Builder(_Fields):
    attributes = product_id = data_source_id = None

    def add_attribute(self, key, value):
        """Add one attribute."""
        if not isinstance(key, strings):
            raise GrowingParamException("key must be a non-empty str")
        self.attributes = self.attributes or {}
        self.attributes[key] = copy.copy(value) if isinstance(value, list) else value
        return self

    def set_attributes(self, map):
        """Add all attributes of ``map``; ``None`` adds nothing."""
        if map is not None:
            check_mapping(map, "attributes")
            for key in map:
                self.add_attribute(key, map[key])
        return self

    def _build(self, message_class, names):
        values = [getattr(self, name) for name in names]
        return message_class(*[dict(value) if isinstance(value, dict) else value
                               for value in values])


class _EventBuilder(_Builder):
    event_name = send_time = anonymous_id = login_user_key = login_user_id = None

    def __init__(self):
        self.event_time = now_ms()

    def set_event_time(self, timestamp):
        """Set when it happened, in Unix milliseconds; ``None`` keeps the current time."""
        return self if timestamp is None else self._set(event_time=timestamp, send_time=timestamp)

    def set_anonymous_id(self, device_id):
        """Set the visitor's id."""
        return self._set(anonymous_id=device_id)

    def set_login_user(self, user_key=None, user_id=None):
        """Set the user's key and id."""
        return self._set(login_user_key=user_key, login_user_id=user_id)

    def set_login_user_key(self, user_key):
        """Set the user's key; it needs an id."""
        return self._set(login_user_key=user_key)

    def set_login_user_id(self, user_id):
        """Set the user's id."""
        return self._set(login_user_id=user_id)


class CustomEventMessage(_EventMessage):
    """A custom event (埋点事件)."""

    event_type = "CUSTOM"

    def __init__(self, event_time, event_name, login_user_key, login_user_id, anonymous_id,
                 attributes, send_time=None, product_id=None, data_source_id=None):
        self._set(event_time=event_time, event_name=event_name, login_user_key=login_user_key,
                  login_user_id=login_user_id, anonymous_id=anonymous_id, attributes=attributes,
                  send_time=send_time, product_id=product_id, data_source_id=data_source_id)

    def _check(self):
        self.event_name = required(self.event_name, "event_name", strings)
        super(CustomEventMessage, self)._check()

    class EventBuilder(_EventBuilder):
        """Builds a :class:`CustomEventMessage`."""

        def set_event_name(self, name):
            """Set the event's identifier."""
            return self._set(event_name=name)

        def build(self):
            """Return a message with what was set so far."""
            return self._build(CustomEventMessage, (
                "event_time", "event_name", "login_user_key", "login_user_id", "anonymous_id",
                "attributes", "send_time", "product_id", "data_source_id"))


class UserLoginMessage(_EventMessage):
    """A user's attributes (登录用户属性事件)."""

    event_type = "LOGIN_USER_ATTRIBUTES"

    def __init__(self, login_user_key, login_user_id, event_time, anonymous_id, attributes,
                 send_time, product_id=None, data_source_id=None):
        self._set(login_user_key=login_user_key, login_user_id=login_user_id,
                  event_time=event_time, anonymous_id=anonymous_id, attributes=attributes,
                  send_time=send_time, product_id=product_id, data_source_id=data_source_id)

    class UserBuilder(_EventBuilder):
        """Builds a :class:`UserLoginMessage`."""

        def build(self):
            """Return a message with what was set so far."""
            return self._build(UserLoginMessage, (
                "login_user_key", "login_user_id", "event_time", "anonymous_id", "attributes",
                "send_time", "product_id", "data_source_id"))


class ItemMessage(Message):
    """A row of a dimension table (维度表)."""

    kind = ITEM
    attributes_as = str("attrs"), "item_attrs"

    def __init__(self, item_key, item_id, attrs=None, product_id=None, data_source_id=None):
        self._set(key=item_key, id=item_id, attrs=attrs, product_id=product_id,
                  data_source_id=data_source_id)

    def _check(self):
        self._set(key=required(self.key, "item_key"), id=required(self.id, "item_id"))

    class ItemBuilder(_Builder):
        """Builds an :class:`ItemMessage`."""

        key = id = None

        def set_item_key(self, item_key):
            """Set the table's key."""
            return self._set(key=item_key)

        def set_item_id(self, item_id):
            """Set the row's id."""
            return self._set(id=item_id)

        def set_attributes(self, map):
            """Replace all attributes by those of ``map``; ``None`` removes them."""
            self.attributes = None if map is None else {}
            return super(ItemMessage.ItemBuilder, self).set_attributes(map)

        def build(self):
            """Return a message with what was set so far."""
            return self._build(ItemMessage, ("key", "id", "attributes", "product_id",
                                             "data_source_id"))
