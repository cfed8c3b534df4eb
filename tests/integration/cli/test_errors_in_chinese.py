"""Requests that fail on their way, told to people who read Chinese."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import trustme
from typer.testing import CliRunner

from delivering.servers import BlackHole, Server, refused_url, reply, then_close
from diagnosing import with_certificate
from growingio_cli.application import app
from growingio_wire.errors import TransportError, missing_extra
from growingio_wire.http import Request
from growingio_wire.http.transport import open_transport
from running_command import run

CHINESE = {"LC_ALL": "zh_CN.UTF-8"}
PROJECT = {"GROWINGIO_PRODUCT_ID": "project1", "GROWINGIO_DATA_SOURCE_ID": "source1"}
AT_ONCE = {"GROWINGIO_REQUEST_TIMEOUT": "1", "GROWINGIO_RETRY_LIMIT": "0"}
A_LABEL_TOO_LONG = "a" * 64


def _reset(connection: socket.socket) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


@contextmanager
def _answering(answer: bytes, scheme: str = "http") -> Iterator[str]:
    with Server(*[then_close(answer)] * 2) as server:
        yield server.url.replace("http:", f"{scheme}:")


@contextmanager
def _at(url: str) -> Iterator[str]:
    yield url


@contextmanager
def _resetting() -> Iterator[str]:
    with Server(*[_reset] * 2) as server:
        yield server.url


@contextmanager
def _silent() -> Iterator[str]:
    with BlackHole() as hole:
        yield hole.url


@contextmanager
def _untrusted() -> Iterator[str]:
    tls = with_certificate(trustme.CA().issue_cert("127.0.0.1"))
    with Server(tls=tls) as server:
        yield server.url


@contextmanager
def _behind(answer: bytes = b"", address: str = "") -> Iterator[str]:
    """Yield a server behind a proxy that says ``answer``, or is at ``address``."""
    with Server(*[then_close(answer)] * 2) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", address or proxy.url)
        yield "https://collect.example"


Place = Callable[[], AbstractContextManager[str]]

FAILURES: dict[str, tuple[Place, str, str]] = {
    "refused": (lambda: _at(refused_url()), "连接被拒绝（", "连接被拒绝：该端口没有服务"),
    "timed_out": (_silent, "超时（", "没有响应"),
    "unknown_host": (lambda: _at("http://nowhere.invalid"), "无法解析主机名（", "主机名|域名解析"),
    "closed": (lambda: _answering(b""), "连接被关闭", "服务器没有响应就关闭了连接"),
    "cut_off": (
        lambda: _answering(b"HTTP/1.1 2"),
        "连接在响应中途断开",
        "服务器在响应中途关闭了连接",
    ),
    "not_http": (
        lambda: _answering(b"SSH-2.0\r\n"),
        "返回的不是 HTTP 响应",
        "该端口返回的不是 HTTP",
    ),
    "reset": (_resetting, "连接被重置（", "连接被重置"),
    "certificate": (_untrusted, "证书不受信任（", "证书不受信任："),
    "tls": (lambda: _answering(b"SSH-2.0\r\n", "https"), "TLS 连接失败（", "TLS 连接失败（"),
    "tunnel_refused": (
        lambda: _behind(reply(403)),
        "代理拒绝连接 collect.example:443（状态码 403）",
        "代理拒绝连接 collect.example:443（状态码 403）",
    ),
    "unreachable": (
        lambda: _behind(address=f"http://{A_LABEL_TOO_LONG}:80"),
        f"'{A_LABEL_TOO_LONG}' 不是主机名",
        f"'{A_LABEL_TOO_LONG}' 不是主机名",
    ),
}


@pytest.mark.parametrize("code", FAILURES)
def test_transport(code: str) -> None:
    """An error of a transport says in Chinese as well where there was no response, and why."""
    place, why, _ = FAILURES[code]
    with place() as url, pytest.raises(TransportError) as raised:
        open_transport(url).exchange(Request(f"{url}/x", b"{}", {}, 1.0))
    error = raised.value
    assert error.code == code
    assert error.said.zh.startswith(f"{url}/x 没有响应：{why}")
    assert str(error).startswith(f"no answer from {url}/x: ")


@pytest.mark.parametrize("code", FAILURES)
def test_send(code: str) -> None:
    """`growingio send` says in Chinese why an event was not delivered."""
    place, _, why = FAILURES[code]
    with place() as url:
        environment = {**CHINESE, **PROJECT, **AT_ONCE}
        shown = CliRunner().invoke(
            app, ["send", "pay", "--user", "u", "--server-host", url], env=environment
        )
    assert shown.exit_code == 1
    assert re.match(f"pay：未送达 {re.escape(url)}：({why})", shown.stderr)


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("ftp://proxy", "只支持 http:// 和 https:// 代理"),
        ("http://", "没有主机名"),
        ("http://proxy:0", "端口不在 1 到 65535 之间"),
        ("http://a:b:c", "它不是 http://HOST:PORT 这样的地址"),
    ],
)
def test_unusable_proxy(proxy: str, why: str) -> None:
    """A proxy that cannot be used is named, in Chinese, and nothing else is blamed."""
    environment = {**CHINESE, **PROJECT, "HTTP_PROXY": proxy, "http_proxy": proxy}
    line = ["send", "pay", "--user", "u", "--server-host", "http://collect.example"]
    shown = CliRunner().invoke(app, line, env=environment)
    assert shown.exit_code == 1
    assert re.fullmatch(f"(HTTP_PROXY|http_proxy) 中的代理无法使用：{why}\n", shown.stderr)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0\r\n", "{url}/v3/graphql 没有响应：返回的不是 HTTP 响应"),
        (reply(503), "平台返回状态码 503"),
        (reply(403), "平台返回状态码 403；请检查令牌、--page 和 --project"),
        (reply(200, body=b"<html>"), "definitions：响应不是 GraphQL（"),
        (reply(200, body=b'{"errors": [{"message": "no"}]}'), "definitions：平台拒绝：no"),
        (reply(200, body=b'{"data": 1}'), "平台的响应异常："),
    ],
)
def test_platform(answer: bytes, said: str) -> None:
    """What the platform's interface says instead of definitions is told in Chinese."""
    with _answering(answer) as url:
        shown = CliRunner().invoke(
            app,
            ["plan", "pull", "--page", url, "--project", "1"],
            env={**CHINESE, "GROWINGIO_PLATFORM_TOKEN": "t"},
        )
    assert shown.exit_code == 1
    assert shown.stderr.startswith(said.format(url=url))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "kafka list kafka://127.0.0.1:1/t --kafka-config {file}",
            "{file} 第 2 行：acks.x 无法使用：",
        ),
        ("relay kafka://127.0.0.1:1/t --group g --kafka-config {file}", "{file} 第 2 行：acks.x"),
        ("relay kafka://127.0.0.1:1/t --group g --health 127.0.0.1:{used}", "--health：无法使用"),
    ],
)
def test_kafka(line: str, said: str, tmp_path: Path) -> None:
    """Options of Kafka that cannot be used are told in Chinese, with their place."""
    file = tmp_path / "kafka.properties"
    file.write_text("# ours\nacks.x=all\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = line.format(file=file, used=taken.getsockname()[1])
        environment = {**CHINESE, "GROWINGIO_SERVER_HOST": "http://127.0.0.1:1"}
        shown = CliRunner().invoke(app, given.split(), env=environment)
    assert shown.exit_code == 1
    assert shown.stderr.startswith(said.format(file=file))


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command as a process says in Chinese which package it needs."""
    for name, value in CHINESE.items():
        monkeypatch.setenv(name, value)
    shown = run("--help", before="import sys; sys.modules['typer'] = None; ")
    command = 'pip install "growingio_tracker[cli]"'
    assert shown.stderr == f"缺少“growingio 命令”所需的可选包。请运行：{command}\n"
    assert missing_extra("SnappyParser", "snappy").said.zh.startswith("缺少“SnappyParser”所需")
