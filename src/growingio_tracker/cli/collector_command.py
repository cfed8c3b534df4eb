"""``growingio collector``: watch on this machine what a GrowingIO client sends."""

from growingio_tracker.cli import collector_texts, forward_options, forward_texts
from growingio_tracker.cli.collector_options import (
    AllowHostOption,
    ApiCorsOption,
    BindOption,
    DbOption,
    JsonOption,
    LangOption,
    MaxAgeOption,
    MaxEventsOption,
    PortOption,
    QuietOption,
    RedactOption,
    StrictOption,
    TlsOption,
    keeping,
    serving,
)
from growingio_tracker.cli.collector_output import Output
from growingio_tracker.cli.console import show_any_character, show_log
from growingio_tracker.cli.forward_options import (
    ForwardOnlyOption,
    ForwardOption,
    ForwardSyncOption,
    ForwardTimeoutOption,
)
from growingio_tracker.cli.language import Language
from growingio_tracker.cli.outcome import Conditions, ExitOnOption, JunitOption, PlanOption
from growingio_tracker.cli.signals import end_on_signals


def collector(
    port: PortOption = None,
    tls: TlsOption = None,
    bind: BindOption = "127.0.0.1",
    allow_host: AllowHostOption = None,
    api_cors: ApiCorsOption = None,
    db: DbOption = None,
    max_events: MaxEventsOption = 10_000,
    max_age: MaxAgeOption = "7d",
    plan: PlanOption = None,
    exit_code_on: ExitOnOption = None,
    junit: JunitOption = None,
    forward: ForwardOption = None,
    forward_only: ForwardOnlyOption = None,
    forward_timeout: ForwardTimeoutOption = None,
    forward_sync: ForwardSyncOption = False,
    strict: StrictOption = False,
    redact: RedactOption = None,
    lang: LangOption = Language.AUTO,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Receive and show what GrowingIO clients send to this machine, until Ctrl-C."""
    # Starlette and uvicorn take a third of a second, which --help need not wait for.
    from growingio_tracker.collector import Collector, Handling  # noqa: PLC0415

    output = Output(quiet, json, lang)
    show_any_character()
    show_log()
    conditions = Conditions(exit_code_on, junit, lang)
    to = forward_options.forwarding(forward, forward_only, forward_timeout, forward_sync)
    first, where = serving(port or [], tls, bind, allow_host, api_cors, lang)
    handling = Handling(strict=strict, redact=tuple(redact or ()))
    keep = keeping(max_events, max_age)
    with Collector(
        first, db, plan=plan, keep=keep, serving=where, handling=handling, forwarding=to
    ) as running:
        conditions.check(running.outcome())
        end_on_signals(running.stop)
        said = collector_texts.opening(running, db, handling, lang.is_chinese)
        output.say("\n".join([said, *forward_texts.opening(to, lang.is_chinese)]))
        output.follow(running)
        said = collector_texts.closing(running.totals(), lang.is_chinese)
        forwarded = forward_texts.closing(running, db, lang.is_chinese) if to else []
        output.say("\n".join([said, *forwarded]))
        conditions.conclude(running.outcome())
