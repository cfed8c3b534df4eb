"""Trackers from environment variables and files."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    DebugConsumer,
    DefaultConsumer,
    DurableConsumer,
    GrowingParamException,
    GrowingTracker,
)
from growingio_tracker.config import build, gather, gather_table
from growingio_tracker.config.keys import KEYS
from growingio_tracker.config.settings import Setting, masked, read_file
from growingio_tracker.consumers.options import DurableOptions
from tree import DOCS

IDS = {
    "GROWINGIO_PRODUCT_ID": "a1b2c3d4e5f60718",
    "GROWINGIO_DATA_SOURCE_ID": "8f9e0d1c2b3a4958",
    "GROWINGIO_SERVER_HOST": "http://x.example",
}


def write(folder: Path, text: str) -> Path:
    path = folder / "gio.toml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def mistakes_of(path: Path | None, environ: dict[str, str]) -> list[str]:
    return list(map(str, gather(path, environ).mistakes))


def test_environment() -> None:
    """The three ids are enough, and give the strategy that never makes a call wait."""
    tracker = GrowingTracker.from_env(IDS)
    consumer = tracker._consumer
    assert type(consumer) is AsyncBufferedConsumer
    assert (consumer._product_id, consumer._server_host) == ("a1b2c3d4e5f60718", "http://x.example")


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [
        ("default", DefaultConsumer),
        ("debug", DebugConsumer),
        ("buffered", BufferedConsumer),
        ("async", AsyncBufferedConsumer),
        ("durable", DurableConsumer),
    ],
)
def test_strategies(
    strategy: str, kind: type, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each strategy can be named."""
    environ = {**IDS, "GROWINGIO_STRATEGY": strategy}
    if strategy == "durable":
        environ["GROWINGIO_SPOOL"] = str(tmp_path)
    assert type(GrowingTracker.from_env(environ)._consumer) is kind


@pytest.mark.parametrize("form", ["json", "snappy", "snappy_crypt", "protobuf"])
def test_formats(form: str) -> None:
    """Each format can be named."""
    consumer = GrowingTracker.from_env({**IDS, "GROWINGIO_FORMAT": form})._consumer
    headers = consumer._data_parse.get_headers()
    assert headers.get("X-Compress-Codec") == ("2" if "snappy" in form else None)
    assert headers.get("X-Crypt-Codec") == ("1" if form == "snappy_crypt" else None)
    assert ("protobuf" in headers["content-type"]) == (form == "protobuf")


def test_file(tmp_path: Path) -> None:
    """Every option can stand in a file, and takes effect."""
    path = write(
        tmp_path,
        f"""
        [growingio]
        product_id = "p"
        data_source_id = "d"
        server_host = "http://x.example/"
        strategy = "durable"
        spool = "{(tmp_path / "spool").as_posix()}"
        flush_after = 3
        max_size = 100
        retry_limit = 1
        request_timeout = 2.5
        max_age_s = 60
        on_invalid = "drop"
        redact = ["phone"]

        [growingio.queue]
        max_events = 5000
        overflow = "drop_oldest"
        """,
    )
    tracker = GrowingTracker.from_file(path, {})
    consumer = tracker._consumer
    assert isinstance(consumer, DurableConsumer)
    assert consumer.flush_after == 3
    options = consumer._options
    assert isinstance(options, DurableOptions)
    assert (options.max_size, options.retry_limit, options.request_timeout) == (100, 1, 2.5)
    limits = options.queue
    assert (limits.max_events, limits.max_bytes, limits.overflow) == (5000, 2**30, "drop_oldest")
    assert tracker._intake.drops_invalid
    assert tracker._intake.plain_calls is None, "it redacts"


def test_environment_wins(tmp_path: Path) -> None:
    """A variable wins over the file, and each value's origin is known."""
    path = write(tmp_path, 'server_host = "http://file.example"\nmax_size = 7\n')
    environ = {**IDS, "GROWINGIO_MAX_SIZE": "9"}
    settings = gather(path, environ).settings
    assert settings["max_size"] == Setting(9, "GROWINGIO_MAX_SIZE")
    assert settings["server_host"].value == "http://x.example"
    assert read_file(path).settings["max_size"] == Setting(7, f"{path}, line 2", 2)


def test_ten_mistakes(tmp_path: Path) -> None:
    """Every mistake is named at once, with its line and the nearest known key."""
    path = write(
        tmp_path,
        """
        [growingio]
        product = "p"
        data_source_id = 3
        strategie = "async"
        strategy = "threads"
        format = "xml"
        max_size = "many"
        flush_after = true
        verify_cert = 1

        [growingio.queue]
        max_event = 5
        overflow = 1
        """,
    )
    with pytest.raises(GrowingParamException) as raised:
        GrowingTracker.from_file(path, {"GROWINGIO_STRICT": "maybe"})
    message = str(raised.value)
    for expected in (
        f"{path}, line 3: unknown setting product; did you mean product_id?",
        f"{path}, line 4: data_source_id must be a non-empty str, got int",
        f"{path}, line 5: unknown setting strategie; did you mean strategy?",
        f"{path}, line 6: strategy must be one of default, debug, buffered, async, durable, "
        "kafka, got 'threads'",
        f"{path}, line 7: format must be one of json, snappy, snappy_crypt, protobuf, got 'xml'",
        f"{path}, line 8: max_size must be an int of at least 1, got 'many'",
        f"{path}, line 9: flush_after must be a number of seconds, at least 0, got True",
        f"{path}, line 10: verify_cert must be true, false or the path of a PEM file, got int 1",
        f"{path}, line 13: unknown setting queue_max_event; did you mean queue_max_events?",
        f"{path}, line 14: queue_overflow must be one of drop_new, drop_oldest, block, raise, got",
        "GROWINGIO_STRICT: strict must be a bool (true or false), got 'maybe'",
        "server_host is missing: set it in",
    ):
        assert expected in message


def test_table(tmp_path: Path) -> None:
    """A program's own mapping has the keys of a file, takes paths, and names itself in mistakes."""
    table = {
        "product_id": "p",
        "data_source_id": "d",
        "strategy": "durable",
        "spool": tmp_path / "spool",
        "queue": {"max_events": 700},
    }
    made = build(gather_table(table, "settings.X", IDS), GrowingTracker.consumer)
    consumer = made._consumer
    assert type(consumer) is DurableConsumer
    assert consumer._product_id == IDS["GROWINGIO_PRODUCT_ID"]
    wrong = gather_table({**table, "queue": {"max_event": 7}, "spool": 1}, "settings.X", {})
    assert list(map(str, wrong.mistakes)) == [
        "settings.X: spool must be the path of a directory, got int 1",
        "settings.X: unknown setting queue_max_event; did you mean queue_max_events?",
        "server_host is missing: set it in settings.X or in the environment "
        "(GROWINGIO_SERVER_HOST)",
    ]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("max_events", "queue_max_events"),
        ("max_event", "queue_max_events"),
        ("overflow", "queue_overflow"),
        ("host", "experiment_host"),
        ("cache_s", "experiment_cache_s"),
        ("security_protocol", "kafka_security_protocol"),
    ],
)
def test_settings_without_their_prefix(
    name: str, key: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The name of an option of the queue, of experiments or of librdkafka leads to its key."""
    path = write(tmp_path, f"{name} = 5")
    with pytest.raises(GrowingParamException, match=f"{name}; did you mean {key}\\?"):
        GrowingTracker.from_file(path, IDS)
    variable, meant = f"GROWINGIO_{name.upper()}", f"GROWINGIO_{key.upper()}"
    GrowingTracker.from_env({**IDS, variable: "5"})
    assert caplog.messages == [f"{variable} is not a setting and is ignored; did you mean {meant}?"]


def test_values_that_a_constructor_refuses(tmp_path: Path) -> None:
    """What only the constructors refuse is told all at once, beside all other mistakes."""
    path = write(
        tmp_path,
        f"""
        server_host = "collect.example"
        workers = 0
        retry_limit = -2
        max_size = 0
        verify_cert = "{(tmp_path / "none.pem").as_posix()}"
        flush_after = -1
        on_invalid = "shout"
        strict = "yes"
        [queue]
        max_events = 0
        max_bytes = 0
        [experiment]
        cache_size = -1
        """,
    )
    ids = {name: value for name, value in IDS.items() if "HOST" not in name}
    with pytest.raises(GrowingParamException) as raised:
        GrowingTracker.from_file(path, ids)
    _, *told = str(raised.value).splitlines()
    assert {line.split(": ", 2)[1].split(" ")[0].partition("=")[0] for line in told} == {
        "server_host",
        "workers",
        "retry_limit",
        "max_size",
        "verify_cert",
        "flush_after",
        "on_invalid",
        "strict",
        "queue_max_events",
        "queue_max_bytes",
        "experiment_cache_size",
    }
    assert f"- {path}, line 3: workers must be an int from 1 to 64, got 0" in told
    assert len(told) == 11


def test_spool_that_is_a_file(tmp_path: Path) -> None:
    """A spool that cannot be used is told together with other values."""
    path = write(tmp_path, "strategy = 'durable'\nspool = 'x'\nmax_age_s = -1\n")
    environ = {**IDS, "GROWINGIO_SPOOL": str(path)}
    with pytest.raises(GrowingParamException) as raised:
        GrowingTracker.from_file(path, environ)
    assert "- GROWINGIO_SPOOL: spool=" in str(raised.value)
    assert f"- {path}, line 3: max_age_s must be" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[growingio]\n"max_size" = "x"', 2),
        ("[growingio]\n'max_size' = 'x'", 2),
        ('["growingio"]\nmax_size = "x"', 2),
        ('growingio."max_size" = "x"', 1),
        ('growingio . max_size = "x"', 1),
        ('\ngrowingio = { strict = true, max_size = "x" }', 2),
        ('[growingio]\n\n"queue" = { max_events = "x" }', 3),
        ('[ growingio . "queue" ]\n"max_events"="x"', 2),
        ('max_size = 5\n[growingio]\nmax_size = "x"', 3),
    ],
)
def test_line_numbers(tmp_path: Path, text: str, line: int) -> None:
    """However a key is written, a mistake in it names the line."""
    path = write(tmp_path, text)
    [mistake] = mistakes_of(path, IDS)
    assert mistake.startswith(f"{path}, line {line}: ")


@pytest.mark.parametrize("header", ["growingo", "GrowingIO", "growing-io", "grwoingio"])
def test_misspelled_table(tmp_path: Path, header: str) -> None:
    """A table whose name is misspelled is one mistake; what is in it is looked at, too."""
    path = write(
        tmp_path,
        f"""
        [{header}]
        product_id = "p"
        data_source_id = "d"
        server_host = "http://x.example"
        max_size = "many"

        [{header}.queue]
        max_events = 5
        """,
    )
    assert mistakes_of(path, {}) == [
        f"{path}, line 2: unknown table [{header}]; did you mean [growingio]?",
        f"{path}, line 6: max_size must be an int of at least 1, got 'many'",
    ]


def test_options_of_other_strategies() -> None:
    """An option that the strategy does not have is a mistake, not silence."""
    environ = {**IDS, "GROWINGIO_STRATEGY": "default", "GROWINGIO_FLUSH_AFTER": "3"}
    assert mistakes_of(None, environ) == [
        "GROWINGIO_FLUSH_AFTER: flush_after does not apply to strategy = 'default', "
        "only to async or durable or kafka"
    ]
    assert mistakes_of(None, {**IDS, "GROWINGIO_STRATEGY": "durable"}) == [
        "spool is missing: strategy = 'durable' needs a directory for events"
    ]


def test_j2_foreign_variables(caplog: pytest.LogCaptureFixture) -> None:
    """J2: variables of others are no mistakes; what may be misspelled is warned of once."""
    environ = {
        **IDS,
        "GROWINGIO_COLLECTOR_SERVICE_HOST": "10.0.0.7",
        "GROWINGIO_COLLECTOR_SERVICE_PORT": "8917",
        "GROWINGIO_COLLECTOR_SERVICE_PORT_HTTP": "8917",
        "GROWINGIO_COLLECTOR_PORT": "tcp://10.0.0.7:8917",
        "GROWINGIO_COLLECTOR_PORT_8917_TCP": "tcp://10.0.0.7:8917",
        "GROWINGIO_COLLECTOR_PORT_8917_TCP_ADDR": "10.0.0.7",
        "GROWINGIO_COLLECTOR_PORT_8917_TCP_PROTO": "tcp",
        "GROWINGIO_STRATGY": "async",
        "GROWINGIO_ZZ": "1",
    }
    for _ in range(2):
        GrowingTracker.from_env(environ)
    assert caplog.messages == [
        "GROWINGIO_STRATGY is not a setting and is ignored; did you mean GROWINGIO_STRATEGY?",
        "GROWINGIO_ZZ is not a setting and is ignored",
    ]


def test_misspelled_and_missing() -> None:
    """A required setting whose variable is misspelled is one mistake that names both."""
    environ = {name: value for name, value in IDS.items() if "HOST" not in name}
    assert mistakes_of(None, {**environ, "GROWINGIO_SERVERHOST": "http://x.example"}) == [
        "server_host is missing: set it in the environment (GROWINGIO_SERVER_HOST); "
        "GROWINGIO_SERVERHOST is not a setting"
    ]


def test_sizes_that_follow(caplog: pytest.LogCaptureFixture) -> None:
    """A batch fits into the queue that is given; a size that is given and does not is named."""
    environ = {**IDS, "GROWINGIO_QUEUE_MAX_EVENTS": "10", "GROWINGIO_QUEUE_MAX_BYTES": "900"}
    GrowingTracker.from_env(environ)
    assert mistakes_of(None, {**environ, "GROWINGIO_MAX_SIZE": "11"}) == [
        "GROWINGIO_MAX_SIZE: max_size must be at most 10, the queue's max_events, got 11"
    ]


def test_order_of_mistakes(tmp_path: Path) -> None:
    """Mistakes of a file are told by their lines, whatever finds them, and others behind them."""
    path = write(
        tmp_path,
        """
        flush_after = -1
        max_size = 11
        redct = ["phone"]
        workers = "x"
        fsync = true
        queue.max_events = 10
        """,
    )
    mistakes = mistakes_of(path, {**IDS, "GROWINGIO_STRICT": "maybe"})
    assert [one.rpartition("line ")[2][:1] for one in mistakes[:-1]] == list("23456")
    assert mistakes[-1].startswith("GROWINGIO_STRICT: ")


@pytest.mark.parametrize("text", ["max_size = \n", "[growingio\n", "\x00"])
def test_no_toml(tmp_path: Path, text: str) -> None:
    """A file that is no TOML is named, with the place of the mistake."""
    with pytest.raises(GrowingParamException, match=r"gio.toml is not valid TOML: .*line 1"):
        GrowingTracker.from_file(write(tmp_path, text), IDS)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(GrowingParamException, match=r"nothing.toml cannot be read"):
        GrowingTracker.from_file(tmp_path / "nothing.toml", IDS)


def test_disabled(tmp_path: Path) -> None:
    """A disabled tracker accepts and discards."""
    tracker = GrowingTracker.from_file(write(tmp_path, "disabled = true"), IDS)
    tracker.track_custom_event("a", anonymous_id="x")
    assert tracker.stats().dropped == {"disabled": 1}


def test_ids_are_masked() -> None:
    """Of ids only the beginning is shown; everything else as it is."""
    assert masked("product_id", "a1b2c3d4e5f60718") == "a1b2…"
    assert masked("data_source_id", "short") == "…"
    assert masked("max_size", 5) == "5"


def test_every_key_is_explained() -> None:
    """docs/configuration.md names every key and its variable."""
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in KEYS if f"`{name}`" not in page] == []
