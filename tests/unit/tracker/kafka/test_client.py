"""Configuration of librdkafka, of which no brokers need to be there."""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

import pytest

from growingio_tracker import GrowingParamException
from growingio_tracker.kafka.client import (
    Client,
    Given,
    in_environment,
    in_file,
    in_options,
    is_secret,
)
from growingio_tracker.kafka.handle import OURS
from growingio_tracker.kafka.refusals import LogLines

SECRET = "geheim-7f3a"


def checked(given: dict[str, Given]) -> Client:
    return Client.checked("127.0.0.1:9", given, OURS, "this test")


def test_sources(tmp_path: Path) -> None:
    """Options come from a file, variables and an argument; each is named as librdkafka names it."""
    file = tmp_path / "kafka.properties"
    file.write_text("# brokers\n\nsecurity.protocol = SASL_SSL\nsasl.password=a=b\n! end\n")
    environ = {
        "GROWINGIO_KAFKA_SASL_MECHANISM": "PLAIN",
        "GROWINGIO_KAFKA_LOG_LEVEL": "5",
        "GROWINGIO_KAFKA_CONFIG": "other",
        "GROWINGIO_KAFKA_SERVICE_HOST": "10.0.0.7",
        "GROWINGIO_KAFKA_PORT_9092_TCP_ADDR": "10.0.0.7",
        "GROWINGIO_KAFKA_SASL_USERNAME": " ",
        "GROWINGIO_TOPIC": "t",
    }
    given = {**in_file(file), **in_environment(environ), **in_options({"linger.ms": 3})}
    assert {name: one.value for name, one in given.items()} == {
        "security.protocol": "SASL_SSL",
        "sasl.password": "a=b",
        "sasl.mechanism": "PLAIN",
        "log_level": "5",
        "linger.ms": 3,
    }
    assert given["security.protocol"].origin == f"{file}, line 3"
    configuration = checked(given).configuration({"linger.ms": 9, "acks": 1}, {"acks": "all"})
    assert configuration["linger.ms"] == "3"
    assert configuration["acks"] == "all"
    assert configuration["bootstrap.servers"] == "127.0.0.1:9"


def test_files(tmp_path: Path) -> None:
    """A file that is not there, and a line that is no option, are said with their place."""
    with pytest.raises(GrowingParamException, match=r"kafka_config: .*nowhere cannot be read"):
        in_file(tmp_path / "nowhere")
    file = tmp_path / "kafka.properties"
    file.write_text(f"acks=all\n{SECRET}\n")
    with pytest.raises(GrowingParamException, match="line 2 is not name=value") as caught:
        in_file(file)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", OURS)
def test_options_that_guarantees_stand_on(name: str) -> None:
    """They are refused, by all their names, and the message says why."""
    with pytest.raises(GrowingParamException, match=f"{name} cannot be changed here: ") as caught:
        checked(in_options({name: "1"}))
    assert caught.value.code == "reserved"
    assert f"{name} 不能在此修改：" in caught.value.said.zh


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sasl.pasword": SECRET}, "No such configuration property"),
        ({"security.protocol": "NONE"}, 'Invalid value "NONE"'),
        ({"linger.ms": "soon"}, "Invalid value"),
        ({"oauth_cb": SECRET}, "callable"),
        ({"ssl.ca.location": "/nowhere/ca.pem"}, "/nowhere/ca.pem does not exist"),
        ({"bootstrap.servers": "h:1"}, "give bootstrap_servers instead"),
    ],
)
def test_mistakes(options: dict[str, str], message: str) -> None:
    """What librdkafka does not know or want is said at once, and no thread is started for that."""
    threads = threading.active_count()
    with pytest.raises(GrowingParamException, match=message) as caught:
        checked(in_options(options))
    assert SECRET not in repr(caught.value.said)
    assert re.match(
        r"kafka_options\['[\w.]+'\]：.*(无法使用：|不能在此修改：|不存在)", caught.value.said.zh
    )
    assert threading.active_count() == threads


def test_j2_foreign_variables(caplog: pytest.LogCaptureFixture) -> None:
    """J2: a variable that is no option may be somebody else's; one with a wrong value is ours."""
    with caplog.at_level("WARNING", "growingio_tracker"):
        client = checked(in_environment({"GROWINGIO_KAFKA_TEAM_NAME": "x"}))
    assert "GROWINGIO_KAFKA_TEAM_NAME is not a librdkafka option" in caplog.text
    assert repr(client) == "Client('127.0.0.1:9', options=[])"
    with pytest.raises(GrowingParamException, match="GROWINGIO_KAFKA_LINGER_MS: Invalid"):
        checked(in_environment({"GROWINGIO_KAFKA_LINGER_MS": "x"}))


@pytest.mark.parametrize(
    "name",
    ["sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret",
     "sasl.oauthbearer.config", "sasl.username", "ssl.keystore.password"],
)  # fmt: skip
def test_h3_secrets(name: str) -> None:
    """H3: a secret is in no repr, and in no text of librdkafka that we pass on."""
    client = Client("h:1", {name: SECRET, "client.rack": "r"})
    assert is_secret(name)
    assert SECRET not in repr(client)
    assert client.masked(f"cannot use {SECRET}!") == "cannot use ***!"
    assert client.masked("rack r") == "rack r"
    assert Client("h:1", {name: "me"}).masked("me, some mechanism") == "***, some mechanism"


def test_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Of lines about the same one a minute is loud, so that an outage does not fill a log."""
    lines = LogLines(lambda text: text.replace(SECRET, "***"))
    with caplog.at_level("DEBUG", "growingio_tracker"):
        for facility in ("FAIL", "FAIL", "OTHER"):
            lines.log(logging.ERROR, "%s [%s] %s", facility, "rdkafka#1", f"no {SECRET}")
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.WARNING, logging.DEBUG, logging.WARNING]
    assert SECRET not in caplog.text
    assert "FAIL [rdkafka#1] no ***" in caplog.text
