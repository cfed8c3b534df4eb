"""``growingio send``: one event from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from growingio_tracker.cli.console import show_any_character
from growingio_tracker.cli.doctor_command import ConfigOption
from growingio_tracker.cli.language import AnswerLangOption, Language
from growingio_tracker.wire import NOT_USER

if TYPE_CHECKING:
    from growingio_tracker.config.settings import Settings

_HERE: Final = {
    "product_id": "--product-id",
    "data_source_id": "--data-source-id",
    "server_host": "--server-host",
}


def send(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The event's identifier.")],
    user: Annotated[str | None, typer.Option(help="The login user's id.")] = None,
    anonymous_id: Annotated[str | None, typer.Option(help="The visitor's id.")] = None,
    user_key: Annotated[
        str | None, typer.Option(help="The kind of the user's id; $notuser for no user at all.")
    ] = None,
    attr: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An attribute, always a text; repeatable."),
    ] = None,
    json_attrs: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="Attributes as a JSON object, which keep their types."),
    ] = None,
    config: ConfigOption = None,
    product_id: Annotated[str | None, typer.Option(help="Wins over the configuration.")] = None,
    data_source_id: Annotated[str | None, typer.Option(help="Wins over the configuration.")] = None,
    server_host: Annotated[str | None, typer.Option(help="Wins over the configuration.")] = None,
    lang: AnswerLangOption = Language.AUTO,
) -> None:
    """Send one custom event, and say what the server answered.

    It is delivered when the command ends with status 0, and was not when the status is 1.
    """
    # What sends takes a while to import, which --help need not wait for.
    from growingio_tracker.config.build import gather  # noqa: PLC0415
    from growingio_tracker.doctor.delivering import deliver  # noqa: PLC0415

    show_any_character()
    if not (user or anonymous_id or user_key == NOT_USER):
        raise typer.BadParameter("say whom it is about with --user or --anonymous-id")
    attributes = {**_json(json_attrs), **dict(map(_pair, attr or []))}
    configuration = gather(config, None, _given(product_id, data_source_id, server_host))
    found = deliver(
        configuration,
        lambda tracker: tracker.track_custom_event(
            name, None, anonymous_id, user_key, user, attributes or None
        ),
    )
    typer.echo(f"{name}: {found.sentence_zh if lang.is_chinese else found.sentence}")
    if found.status != "ok":
        typer.echo(found.fix_zh if lang.is_chinese else found.fix, err=True)
        raise typer.Exit(1)


def _given(*values: str | None) -> Settings:
    from growingio_tracker.config.settings import Setting  # noqa: PLC0415 - as above

    named = zip(_HERE.items(), values, strict=True)
    return {name: Setting(value, option) for (name, option), value in named if value is not None}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"--attr: {text!r} is not KEY=VALUE")
    return key, value


def _json(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise typer.BadParameter(
            f"--json-attrs must be a JSON object such as '{{\"n\": 3}}': {error}"
        ) from error
