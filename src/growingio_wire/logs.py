"""Loggers of the SDK, which do not import ``logging`` where the program has not.

As in any library, the program decides where log records go. Until it imports ``logging``, it has
decided nothing, and a record would go nowhere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

_TOP: Final = "growingio_tracker"


def logger(name: str) -> logging.Logger:
    """Return a logger, for modules whose programs import ``logging`` anyway."""
    import logging  # noqa: PLC0415 - slow to import, and not needed for tracking

    top = logging.getLogger(_TOP)
    if not any(isinstance(handler, logging.NullHandler) for handler in top.handlers):
        top.addHandler(logging.NullHandler())
    return logging.getLogger(name)


class Log:
    """Logger for modules that every program imports.

    It is silent until the program has imported ``logging``. If that was before, the logger exists
    from now on, so that ``logging.config`` finds it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._logger: logging.Logger | None = None
        self._found()

    def debug(self, message: str, *args: object, exc_info: bool = False) -> None:
        """See :meth:`logging.Logger.debug`."""
        if (found := self._found()) is not None:
            found.debug(message, *args, exc_info=exc_info, stacklevel=2)

    def warning(self, message: str, *args: object, stack_info: bool = False) -> None:
        """See :meth:`logging.Logger.warning`."""
        if (found := self._found()) is not None:
            found.warning(message, *args, stack_info=stack_info, stacklevel=2)

    def exception(self, message: str, *args: object) -> None:
        """See :meth:`logging.Logger.exception`."""
        if (found := self._found()) is not None:
            # Python 3.10 would count exception() itself among the frames.
            found.error(message, *args, exc_info=True, stacklevel=2)

    def _found(self) -> logging.Logger | None:
        # NullHandler is among the last things that the module defines: it may be half imported.
        if self._logger is None and hasattr(sys.modules.get("logging"), "NullHandler"):
            self._logger = logger(self._name)
        return self._logger
