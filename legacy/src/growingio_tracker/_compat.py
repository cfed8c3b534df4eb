"""The few names that differ between Python 2.7 and Python 3."""

import re
import sys
import time

PY2 = sys.version_info[0] == 2

if PY2:
    from collections import Mapping  # novm
    from urllib import quote, urlencode  # novm
    from urllib2 import HTTPErrorProcessor, HTTPSHandler, Request, build_opener  # novm
else:
    from collections.abc import Mapping  # novm  # noqa: F401
    from urllib.parse import quote, urlencode  # novm  # noqa: F401
    from urllib.request import HTTPErrorProcessor, HTTPSHandler, Request, build_opener  # novm  # noqa: F401

text_type, strings, integers = type(u""), (str, type(u"")), (int, type(sys.maxsize + 1))
numbers = integers + (float,)

# Python 2 has no clock that nobody can set back.
monotonic = getattr(time, "monotonic", time.time)

# A narrow build of Python 2 keeps one character beyond U+FFFF as a pair of surrogates.
LONE_SURROGATE = re.compile(
    u"[\ud800-\udfff]" if sys.maxunicode > 0xFFFF else
    u"[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
