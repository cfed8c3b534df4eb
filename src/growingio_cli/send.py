"""``growingio send``: send one event from the command line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from growingio_cli.console import (
    LangOption,
    Language,
    WrongUsage,
    argument,
    in_chinese,
    option,
    show_any_character,
)
from growingio_cli.sending import (
    ConfigOption,
    DataSourceIdOption,
    ProductIdOption,
    ServerHostOption,
    configured,
)
from growingio_wire.errors import GrowingIOException, RejectedError, TransportError
from growingio_wire.said import Said
from growingio_wire.table import NOT_USER

if TYPE_CHECKING:
    from growingio_cli.doctor.findings import Finding
    from growingio_tracker.config import Configuration
    from growingio_tracker.config.settings import Settings
    from growingio_tracker.tracker import GrowingTracker
    from growingio_wire.http import Request, Response

_NO_USER: Final = Said(
    "name the user with --user or --anonymous-id, or pass --user-key '$notuser' for no user.",
    "请用 --user 或 --anonymous-id 指明用户；没有用户时请给出 --user-key '$notuser'。",
)


@in_chinese(
    """发送一个埋点事件，并显示服务器的响应。

    退出状态：0 已送达，1 未送达。"""
)
def send(
    name: Annotated[str, argument("The event's identifier.", "埋点事件标识符。", metavar="NAME")],
    user: Annotated[
        str | None, option("The login user's id.", "登录用户 ID。", metavar="ID")
    ] = None,
    anonymous_id: Annotated[
        str | None, option("The visitor's id.", "访问用户 ID。", metavar="ID")
    ] = None,
    user_key: Annotated[
        str | None,
        option(
            "The kind of the user's id; $notuser for no user.",
            "登录用户 ID 的类型；$notuser 表示没有用户。",
            metavar="KEY",
        ),
    ] = None,
    attr: Annotated[
        list[str] | None,
        option(
            "An attribute, sent as a string. Repeatable.",
            "一个属性，以字符串发送。可重复给出。",
            metavar="KEY=VALUE",
        ),
    ] = None,
    json_attrs: Annotated[
        str | None,
        option(
            "Attributes as a JSON object. Their types are kept.",
            "JSON 对象形式的属性，保留各自的类型。",
            metavar="JSON",
        ),
    ] = None,
    config: ConfigOption = None,
    product_id: ProductIdOption = None,
    data_source_id: DataSourceIdOption = None,
    server_host: ServerHostOption = None,
    lang: LangOption = Language.AUTO,
) -> None:
    """Send one custom event, and show the server's response.

    Exit status: 0 delivered, 1 not delivered.
    """
    show_any_character()
    if not (user or anonymous_id or user_key == NOT_USER):
        raise WrongUsage(_NO_USER)
    attributes = {**_json(json_attrs), **dict(map(_pair, attr or []))}
    configuration = configured(
        config, product_id=product_id, data_source_id=data_source_id, server_host=server_host
    )
    found = _deliver(
        configuration,
        lambda tracker: tracker.track_custom_event(
            name, None, anonymous_id, user_key, user, attributes or None
        ),
    )
    said = Said(f"{name}: {found.said.en}", f"{name}：{found.said.zh}")
    typer.echo(lang.of(said), err=found.status != "ok")
    if found.status != "ok":
        typer.echo(lang.of(found.fix), err=True)
        raise typer.Exit(1)


def _deliver(configuration: Configuration, track: Callable[[GrowingTracker], object]) -> Finding:
    """Call ``track``, deliver the event, and return the meaning of the server's answer.

    :raises GrowingParamException: if the configuration or the event cannot be used.
    :raises MissingExtraError: if the format needs a package that is not installed.
    :raises GrowingIOException: if sending is switched off.
    """
    from growingio_cli.doctor.findings import Finding, explain, explain_silence
    from growingio_tracker.config import at_once, build, usable
    from growingio_tracker.tracker import GrowingTracker

    settings = usable(configuration)
    noting = _NotingTransport(settings)
    made = build(at_once(configuration), GrowingTracker.consumer, noting)
    try:
        with made as tracker, suppress(RejectedError):  # the response itself says more
            track(tracker)
    except TransportError as error:
        why, host = explain_silence("answer", error).said, settings["server_host"].value
        said = Said(f"not delivered to {host}: {why.en}", f"未送达 {host}：{why.zh}")
        return Finding("answer", "bad", said, _RUN_DOCTOR)
    if noting.answer is None:
        raise GrowingIOException(_SWITCHED_OFF)
    return explain("answer", noting.answer)


_SWITCHED_OFF: Final = Said(
    "nothing was sent because sending is switched off; remove GROWINGIO_DISABLED, or set "
    "disabled = false",
    "发送已关闭，没有发送任何事件；请去掉 GROWINGIO_DISABLED，或设置 disabled = false",
)
_RUN_DOCTOR: Final = Said(
    "The event is not sent again. Run 'growingio doctor' to find the cause.",
    "该事件不会自动重发。请运行“growingio doctor”查明原因。",
)


class _NotingTransport:
    """A transport that keeps the last answer, and no connection.

    :param settings: usable ones.
    :raises ProxyError: if the environment names an unusable proxy.
    """

    def __init__(self, settings: Settings) -> None:
        from growingio_wire.endpoints import base_url
        from growingio_wire.http.transport import open_transport

        self.answer: Response | None = None
        verify_cert = settings["verify_cert"].value if "verify_cert" in settings else True
        host = base_url(settings["server_host"].value)
        self._transport = open_transport(host, verify_cert=verify_cert, connections=0)

    def exchange(self, request: Request) -> Response:
        self.answer = self._transport.exchange(request)
        return self.answer

    def close(self) -> None:
        """Do nothing: every exchange closes its connection."""


def _pair(given: str) -> tuple[str, str]:
    key, equals, value = given.partition("=")
    if not equals or not key:
        raise WrongUsage(
            Said(f"--attr {given!r} is not KEY=VALUE.", f"--attr {given!r} 不是 KEY=VALUE 的形式。")
        )
    return key, value


def _json(given: str | None) -> dict[str, Any]:
    if given is None:
        return {}
    try:
        return msgspec.json.decode(given, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise WrongUsage(
            Said(
                f"--json-attrs must be a JSON object such as '{{\"n\": 3}}': {error}.",
                f"--json-attrs 必须是 JSON 对象，例如 '{{\"n\": 3}}'：{error}。",
            )
        ) from error
