"""The formats' base class, and JSON."""

from __future__ import unicode_literals

import json
import time

from growingio_tracker.version import VERSION
from growingio_tracker.wire import json_object

__all__ = ["VERSION", "DataParser", "JsonParser"]


class DataParser(object):
    """Base class of formats."""

    def get_bytes(self, messages, stm=None):
        """Return the body of ``messages``, all of one kind."""
        raise NotImplementedError("%s has no get_bytes" % type(self).__name__)

    def get_headers(self):
        """Return the headers that say what the body is."""
        return {}

    def get_params(self, stm=None):
        """Return the query parameters: ``stm``, the send time in Unix milliseconds."""
        return {"stm": stm}

    @staticmethod
    def get_timestamp():
        """Return the send time in Unix milliseconds; it is taken when the body is made."""
        return int(time.time() * 1000)


class JsonParser(DataParser):
    """Sends JSON."""

    def get_bytes(self, messages, stm=None):
        """Return the JSON array of ``messages`` as ASCII text."""
        return "[%s]" % ",".join(self.json(message) for message in messages)

    def get_headers(self):
        """Return the content type."""
        return {"content-type": "application/json"}

    def json(self, message):
        """Return one message as a JSON object."""
        return self.json_dumps(json_object(message))

    @staticmethod
    def json_dumps(data, cls=None):
        """Return ``data`` as compact ASCII JSON."""
        return json.dumps(data, separators=(",", ":"), cls=cls)
