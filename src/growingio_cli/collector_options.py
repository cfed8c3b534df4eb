"""Options of ``growingio collector`` and of ``growingio collector run``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from growingio_cli.conditions import ExitOn, ExitOnOption, JunitOption, PlanOption
from growingio_cli.console import Language, WrongUsage, existing_file, option
from growingio_wire.clock import span_ms
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_collector import Forwarding, Handling, Keep

_NO_AGE: Final = Said(
    "--max-age {value} is not an age. Write 7d, 12h, 30m or 90s; 0 disables the limit.",
    "--max-age {value} 不是时长。请写 7d、12h、30m 或 90s；0 表示不限。",
)
_NO_GOLDEN: Final = Said("--update needs --golden FILE.", "--update 需要 --golden FILE。")
_WITHOUT_FORWARD: Final = Said(
    "--forward-only, --forward-timeout, --forward-ca and --forward-sync need --forward URL.",
    "--forward-only、--forward-timeout、--forward-ca 和 --forward-sync 需要 --forward URL。",
)


def _age(value: str) -> str:
    if value == "0" or span_ms(value) is not None:
        return value
    raise WrongUsage(_NO_AGE.with_values(value=repr(value)))


class ForwardOnly(str, Enum):
    """The value of ``--forward-only``."""

    ALL = "all"
    GOOD = "good"


@dataclass(frozen=True, kw_only=True)
class StoringOptions:
    """Options about storing, checking and forwarding requests."""

    db: Annotated[
        Path | None,
        option(
            "Keep everything in this SQLite file. Default: discarded at the end.",
            "把所有数据保存到此 SQLite 文件。默认在结束时清除。",
            metavar="FILE",
            dir_okay=False,
        ),
    ] = None
    plan: PlanOption = None
    junit: JunitOption = None
    forward: Annotated[
        str | None,
        option(
            "Forward every request to this server, unchanged, after storing and answering it.",
            "存储并响应之后，把每个请求原样转发到此服务器。",
            metavar="URL",
        ),
    ] = None
    forward_only: Annotated[
        ForwardOnly | None,
        option(
            "all (the default); good: forward only requests without invalid events.",
            "all（默认）：全部；good：只转发不含错误事件的请求。",
            metavar="all|good",
        ),
    ] = None
    forward_timeout: Annotated[
        float | None,
        option(
            "Maximum time per forwarded request. Default: 10.",
            "向该服务器发送一个请求的总秒数。默认 10。",
            min=0.01,
            metavar="SECONDS",
        ),
    ] = None
    forward_ca: Annotated[
        Path | None,
        option(
            "PEM file of the authority that signed that server's certificate.",
            "签发该服务器证书的 CA 的 PEM 文件。",
            metavar="FILE",
            callback=existing_file,
        ),
    ] = None
    forward_sync: Annotated[
        bool,
        option(
            "Wait for that server and return its answer. No retries.",
            "等待该服务器，并返回它的响应；不重试。",
            "--forward-sync",
        ),
    ] = False
    strict: Annotated[
        bool,
        option(
            "Respond with 400 and the reasons when an event is invalid.",
            "事件有误时返回 400 及原因。",
            "--strict",
        ),
    ] = False
    redact: Annotated[
        list[str] | None,
        option(
            "Mask the values of this key before anything is stored. Repeatable.",
            "在存储前遮盖此字段的值。可重复给出。",
            metavar="KEY",
        ),
    ] = None
    keep_credentials: Annotated[
        bool,
        option(
            "Store and forward the headers Cookie and Authorization, which are masked otherwise.",
            "保存并转发 Cookie 和 Authorization 请求头；默认遮盖其内容。",
            "--keep-credentials",
        ),
    ] = False
    ignore: Annotated[
        list[str] | None,
        option(
            "Do not report problems with this code, for example sdk_old. Repeatable.",
            "不报告此代码的问题，例如 sdk_old。可重复给出。",
            metavar="CODE",
        ),
    ] = None
    lang: Annotated[
        Language,
        option(
            "The language of the page and of the output.",
            "页面和输出的语言。",
            metavar="auto|zh-CN|en",
        ),
    ] = Language.AUTO

    @property
    def handling(self) -> Handling:
        """How received requests are handled."""
        from growingio_collector import Handling

        return Handling(
            strict=self.strict,
            redact=tuple(self.redact or ()),
            credentials=self.keep_credentials,
            ignore=tuple(self.ignore or ()),
        )

    @property
    def forwarding(self) -> Forwarding | None:
        """Where to forward requests; ``None`` is nowhere.

        :raises WrongUsage: if an option is given that needs ``--forward``.
        :raises GrowingParamException: if one cannot be used.
        """
        from growingio_collector.settings import DEFAULT_TIMEOUT_S, Forwarding

        timeout_s = self.forward_timeout
        if self.forward is None:
            more = (self.forward_only, self.forward_ca, timeout_s)
            if self.forward_sync or any(one is not None for one in more):
                raise WrongUsage(_WITHOUT_FORWARD)
            return None
        return Forwarding(
            url=self.forward,
            only="good" if self.forward_only is ForwardOnly.GOOD else "all",
            timeout_s=DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s,
            sync=self.forward_sync,
            verify_cert=True if self.forward_ca is None else str(self.forward_ca),
        )


@dataclass(frozen=True, kw_only=True)
class KeepingOptions(StoringOptions):
    """The same, and how much is kept."""

    max_events: Annotated[
        int,
        option(
            "Keep only this many of the newest events. 0 keeps all.",
            "最多保留的事件数，超出时删除最早的。0 表示全部保留。",
            min=0,
            metavar="N",
        ),
    ] = 10_000
    max_age: Annotated[
        str,
        option(
            "Delete events older than this, for example 12h, 30m or 90s. 0 disables the limit.",
            "删除更早的数据，例如 12h、30m 或 90s。0 表示不限。",
            metavar="AGE",
            callback=_age,
        ),
    ] = "7d"

    @property
    def keep(self) -> Keep:
        """How much is kept."""
        from growingio_collector import Keep

        return Keep(self.max_events, (span_ms(self.max_age) or 0) / 1000)


@dataclass(frozen=True, kw_only=True)
class RunOptions(StoringOptions):
    """The options of ``growingio collector run``."""

    exit_code_on: ExitOnOption = ExitOn.BAD
    at_least: Annotated[
        int,
        option(
            "Exit with status 3 when fewer events arrive. 0 allows none.",
            "收到的事件少于此数时以状态 3 退出。0 表示可以没有。",
            min=0,
            metavar="N",
        ),
    ] = 1
    golden: Annotated[
        Path | None,
        option(
            "Compare what arrived with this snapshot, and exit with status 3 when it differs.",
            "把收到的内容与此快照比较，不同时以状态 3 退出。",
            metavar="FILE",
            dir_okay=False,
        ),
    ] = None
    update: Annotated[
        bool,
        option(
            "Write the snapshot instead of comparing with it.",
            "写入快照，而不是与它比较。",
            "--update",
        ),
    ] = False

    def __post_init__(self) -> None:
        if self.update and self.golden is None:
            raise WrongUsage(_NO_GOLDEN)
