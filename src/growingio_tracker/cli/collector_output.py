"""How ``growingio collector`` prints events, and what it says beside them."""

from typing import TYPE_CHECKING

import typer

from growingio_tracker.cli.language import Language

if TYPE_CHECKING:
    from growingio_tracker.collector import Collector, Event


class Output:
    """What the options say about printing.

    :param quiet: print no event.
    :param json: print each event as a line of JSON, and all else on stderr.
    :param lang: the language of everything that is said about events.
    :raises typer.BadParameter: the options contradict each other.
    """

    def __init__(self, quiet: bool, json: bool, lang: Language) -> None:
        if quiet and json:
            raise typer.BadParameter("--quiet prints no event and --json prints each; choose one.")
        self._quiet = quiet
        self._json = json
        self._is_chinese = lang.is_chinese

    def say(self, *texts: str) -> None:
        """Print what is no event."""
        for text in texts:
            typer.echo(text, err=self._json)

    def follow(self, running: "Collector") -> None:
        """Print every event as it comes, until the collector stops."""
        for event in running.follow():
            if not self._quiet:
                typer.echo(self._line(event))

    def _line(self, event: "Event") -> str:
        # The collector takes a third of a second to import, which --help need not wait for.
        from growingio_tracker.collector.terminal import json_line, line  # noqa: PLC0415

        return json_line(event) if self._json else line(event, is_chinese=self._is_chinese)
