"""The ``growingio`` command."""

import sys

from growingio_wire.errors import GrowingError, missing_extra
from growingio_wire.said import Said, prefers_chinese

_COMMAND = Said("the growingio command", "growingio 命令")


def main() -> None:
    """Run the command with the arguments of this process, and end the process.

    Exit status: 0 done, 1 failed (one sentence on stderr says why), 2 wrong usage, 3 when
    ``--exit-code-on`` applies.
    """
    try:
        _run()
    except GrowingError as error:
        sys.exit(error.said.chosen(chinese=prefers_chinese()))


def _run() -> None:
    try:
        from growingio_cli.application import app
    except ModuleNotFoundError as error:
        if error.name in ("typer", "rich"):
            raise missing_extra(_COMMAND, "cli") from error
        raise
    app()
