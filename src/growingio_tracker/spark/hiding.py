"""Ids of project and data source stay out of Spark's logs, which many people can read."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from growingio_tracker.config.settings import Settings, masked
from growingio_tracker.exceptions import GrowingError, GrowingIOException, GrowingParamException

_DELIVERY: Final = logging.getLogger("growingio_tracker.delivery")
_HIDDEN: Final = ("product_id", "data_source_id")


class Hiding(logging.Filter):
    """Replaces what must not be shown by the beginning of it.

    :param settings: which hold it.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._shown = {
            form: masked(name, settings[name].value)
            for name in _HIDDEN
            for form in (settings[name].value, quote(settings[name].value, safe=""))
        }

    def text(self, said: str) -> str:
        """Return a text that may be shown."""
        for hidden, shown in self._shown.items():
            said = said.replace(hidden, shown)
        return said

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a line of the log pass in the form that may be shown."""
        record.msg, record.args = self.text(record.getMessage()), None
        return True

    @contextmanager
    def __call__(self) -> Generator[None, None, None]:
        """While inside, lines of the log and errors on their way out may be shown."""
        _DELIVERY.addFilter(self)
        try:
            yield
        except GrowingError as error:
            is_mistake = isinstance(error, GrowingParamException)
            kind = GrowingParamException if is_mistake else GrowingIOException
            # Spark prints the causes of an error as well, and they have the addresses.
            raise kind(self.text(str(error))) from None
        finally:
            _DELIVERY.removeFilter(self)
