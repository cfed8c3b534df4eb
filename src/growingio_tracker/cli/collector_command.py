"""``growingio collector``: watch on this machine what a GrowingIO client sends."""

from growingio_tracker.cli import collector_texts
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
from growingio_tracker.cli.language import Language
from growingio_tracker.cli.output import print_any_character
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
    print_any_character()
    first, where = serving(port or [], tls, bind, allow_host, api_cors, lang)
    handling = Handling(strict=strict, redact=tuple(redact or ()))
    keep = keeping(max_events, max_age)
    with Collector(first, db, keep=keep, serving=where, handling=handling) as running:
        end_on_signals(running.stop)
        output.say(collector_texts.opening(running, db, handling, lang.is_chinese))
        output.follow(running)
        output.say(collector_texts.closing(running.totals(), lang.is_chinese))
