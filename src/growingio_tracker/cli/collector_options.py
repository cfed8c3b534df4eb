"""The options of ``growingio collector`` about where it listens and what it keeps."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_tracker.cli.language import Language

if TYPE_CHECKING:
    from growingio_tracker.collector import Keep, Serving

AUTO: Final = "auto"
DEFAULT_PORT: Final = 8917

_HIGHEST_PORT: Final = 65535
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}
_AGE: Final = re.compile(r"(\d{1,9})([smhd])")


def _one_port(text: str) -> str:
    if text == AUTO or (text.isascii() and text.isdigit() and int(text) <= _HIGHEST_PORT):
        return text
    raise typer.BadParameter(f"{text!r} is not {AUTO} and no number from 0 to {_HIGHEST_PORT}.")


def _ports(texts: list[str] | None) -> list[str]:
    return [_one_port(text) for text in texts or ()]


def _age_s(text: str) -> str:
    if text == "0" or _AGE.fullmatch(text):
        return text
    raise typer.BadParameter(f"{text!r} is no age. Write 7d, 12h, 30m or 90s; 0 means no bound.")


PortOption = Annotated[
    list[str] | None,
    typer.Option(
        "--port",
        metavar="PORT",
        callback=_ports,
        help=f"{DEFAULT_PORT} by default; 0 takes any free port, auto the next free one. "
        "May be given several times; PHP needs 80.",
        show_default=False,
    ),
]
TlsOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=_HIGHEST_PORT,
        metavar="PORT",
        help="Listen with TLS here, too, with a certificate made for it; PHP needs 443.",
    ),
]
BindOption = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="The address to listen on. With 0.0.0.0 other machines reach it, and the page and "
        "the API ask for a token.",
    ),
]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Answer page and API under this name, too. May be given several times."
    ),
]
ApiCorsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN", help="Let pages of this origin use the API. May be given several times."
    ),
]
DbOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        dir_okay=False,
        help="Keep everything in this SQLite file. Without it, it is forgotten at the end.",
    ),
]
MaxEventsOption = Annotated[
    int, typer.Option(min=0, help="Keep only the newest so many events; 0 means all.")
]
MaxAgeOption = Annotated[
    str,
    typer.Option(
        metavar="AGE",
        callback=_age_s,
        help="Forget what is older, such as 12h, 30m or 90s; 0 means nothing is too old.",
    ),
]

StrictOption = Annotated[
    bool, typer.Option("--strict", help="Answer 400 and the reasons when an event is bad.")
]
RedactOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        help="Hide the values of this key before anything is stored. May be given several times.",
    ),
]
LangOption = Annotated[Language, typer.Option(help="The language of the page and of this command.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print no line for each event.")]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print each event as one JSON object a line, and all else on stderr."
    ),
]


def serving(
    ports: list[str],
    tls: int | None,
    bind: str,
    allow_host: list[str] | None,
    api_cors: list[str] | None,
    lang: Language,
) -> tuple[int, "Serving"]:
    """Return the first port, and everything else that the options say about listening.

    :raises GrowingParamException: when an option has a form that cannot be meant.
    """
    # The collector takes a third of a second to import, which --help need not wait for.
    from growingio_tracker.collector import Serving  # noqa: PLC0415

    first, *others = [int(port) for port in ports if port != AUTO] or [DEFAULT_PORT]
    return first, Serving(
        bind=bind,
        more_ports=tuple(others),
        tls_port=tls,
        next_port=AUTO in ports,
        allow_hosts=tuple(allow_host or ()),
        api_cors=tuple(api_cors or ()),
        lang=lang.value,
    )


def keeping(max_events: int, max_age: str) -> "Keep":
    """Return how much is kept."""
    from growingio_tracker.collector import Keep  # noqa: PLC0415 - as above

    found = _AGE.fullmatch(max_age)
    return Keep(max_events, int(found[1]) * _UNITS[found[2]] if found else None)
