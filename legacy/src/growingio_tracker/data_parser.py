"""The formats' base class, and JSON."""

from __future__ import unicode_literals

import json
from collections import OrderedDict

from growingio_tracker.message import now_ms, present


class DataParser(object):
    """Base class of formats. ``stm`` is the time of sending in Unix milliseconds."""

    def get_bytes(self, messages, stm=None):
        """Return the body of ``messages``, all of one kind."""
        raise NotImplementedError("%s has no get_bytes" % type(self).__name__)

    def get_headers(self):
        """Return the headers that say what the body is."""
        return {}

    def get_params(self, stm=None):
        """Return the query parameters."""
        return {"stm": stm}

    @staticmethod
    def get_timestamp():
        """Return the present ``stm``; it is taken when the body is made."""
        return now_ms()


class JsonParser(DataParser):
    """Sends compact JSON, as ASCII text."""

    def get_bytes(self, messages, stm=None):
        return "[%s]" % ",".join(self.json(message) for message in messages)

    def get_headers(self):
        return {"content-type": "application/json"}

    def json(self, message):
        """Return one message as a JSON object."""
        return self.json_dumps(OrderedDict((key, value) for value, key, _ in present(message)))

    @staticmethod
    def json_dumps(data, cls=None):
        """Return ``data`` as JSON."""
        return json.dumps(data, separators=(",", ":"), cls=cls)
