"""Wrong set-ups, each with what doctor says about it and what it advises, in both languages."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme

from delivering.servers import Server, refused_url, reply
from diagnosing import diagnose, only_problem, with_certificate
from growingio_cli.doctor.configuration import read
from growingio_cli.doctor.findings import Finding
from growingio_collector import Collector
from growingio_wire.said import Said

PAGE = reply(200, "content-type: text/html", body=b"<!doctype html><title>GrowingIO</title>")


def assert_told(finding: Finding, said: Said, fix: Said) -> None:
    """The finding says so in English and in Chinese."""
    assert said.en in finding.said.en
    assert said.zh in finding.said.zh
    assert fix.en in finding.fix.en
    assert fix.zh in finding.fix.zh


@contextmanager
def silent_port() -> Iterator[int]:
    """Yield a port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@contextmanager
def closing_port() -> Iterator[str]:
    """Yield the https:// address of a server that closes every connection at once."""
    with Server(*[None] * 10) as server:
        yield server.url.replace("http:", "https:")


@pytest.mark.parametrize("host", ["<server_host>", "https://<server_host>", "your_server_host"])
def test_placeholder_as_host(host: str) -> None:
    """A placeholder that was left in is named once, and nothing is asked."""
    assert_told(
        only_problem(diagnose(host)),
        Said(f"server_host is still the placeholder {host!r}", f"仍是占位符 {host!r}"),
        Said("not the address of the web platform", "采集地址（ServerHost），而非平台地址"),
    )


def test_placeholders_as_ids() -> None:
    """Each id that is still a placeholder is named."""
    with Collector() as collector:
        findings = diagnose(collector.url, product_id="<product_id>", data_source_id="{id}")
    first, second = [one.said.en for one in findings if one.status == "bad"]
    assert "product_id is still the placeholder '<product_id>'" in first
    assert "data_source_id is still the placeholder '{id}'" in second


def test_pasted_collect_path() -> None:
    """A whole collect address gives the address to use, and that one is examined."""
    with Collector() as collector:
        findings = diagnose(f"{collector.url}/v3/projects/p/collect?stm=1")
        assert_told(
            only_problem(findings),
            Said("server_host contains the path of the collect interface", "包含采集接口的路径"),
            Said(f"Set server_host to {collector.url}", f"请把 server_host 设为 {collector.url}"),
        )
        assert [one.status for one in findings if one.name == "answer"] == ["ok"]


def test_no_scheme() -> None:
    """An address without http:// or https:// gives the address to use."""
    assert_told(
        only_problem(diagnose("collect.example.com")),
        Said("must start with http:// or https://", "必须以 http:// 或 https:// 开头"),
        Said("Set server_host to https://collect.example.com", "设为 https://collect.example.com"),
    )


@pytest.mark.parametrize(
    "host", [' http://c.example "', "'http://c.example'", "“http://c.example”"]
)
def test_quoted_host(host: str) -> None:
    """One that was pasted with quotes or spaces gives the address without them."""
    problem = only_problem(diagnose(host))
    assert problem.fix.en == "Set server_host to http://c.example"
    assert f"server_host {host!r} 无法使用：" in problem.said.zh


def test_id_as_host() -> None:
    """What is no address at all gives none."""
    problem = only_problem(diagnose("bc675c65b3b0290e"))
    assert_told(problem, Said("must start with", "必须以"), Said("Correct the line", "请修正"))


def test_mistakes_of_a_file(tmp_path: Path) -> None:
    """Each mistake of a file is told with its line, in either language."""
    file = tmp_path / "gio.toml"
    file.write_text('product_id = "p"\nservr_host = "x"\nworkers = 100\nflush_after = "x"\n')
    told = [one.said for one in read(file, {}).findings]
    assert ["line 2" in told[0].en, "line 3" in told[1].en, "line 4" in told[2].en] == [True] * 3
    assert [one.zh.partition("：")[2] for one in told] == [
        "没有配置项 servr_host；是否应为 server_host？",
        "workers 必须是从 1 到 64 的整数，而不是 100",
        "flush_after 必须是不小于 0 的秒数，而不是 'x'",
        f"请写入 {file} 或设置环境变量（GROWINGIO_DATA_SOURCE_ID）",
    ]
    assert [f"{file} 第 {2 + n} 行：" in one.zh for n, one in enumerate(told[:3])] == [True] * 3


def test_address_of_the_platform() -> None:
    """A web page in place of an answer means that the platform's address was taken."""
    with Server(PAGE) as server:
        assert_told(
            only_problem(diagnose(server.url)),
            Said("a web page instead of an answer", "返回的是网页"),
            Said("not the address of the web platform", "而非平台地址"),
        )


def test_nothing_listens() -> None:
    """A closed port is told in words."""
    assert_told(
        only_problem(diagnose(refused_url())),
        Said("connection refused: nothing is listening on that port", "该端口没有服务在监听"),
        Said("Check the port in server_host", "请检查 server_host 中的端口"),
    )


def test_misspelled_host() -> None:
    """A name that does not exist is told in words."""
    assert_told(
        only_problem(diagnose("https://colect.invalid")),
        Said("cannot resolve colect.invalid", "无法解析 colect.invalid"),
        Said("Check the spelling", "请检查主机名拼写"),
    )


def test_wrong_host_and_unknown_authority() -> None:
    """A certificate for another host, of an authority that nobody knows, is told as both."""
    authority = trustme.CA(organization_name="Corp Root")
    with Server(tls=with_certificate(authority.issue_cert("collect.internal"))) as server:
        problem = only_problem(diagnose(server.url))
    assert_told(
        problem,
        Said("is not a trusted authority", "不在受信任的机构中"),
        Said("set verify_cert to the path of the file", "把 verify_cert 设为该文件的路径"),
    )
    assert_told(
        problem,
        Said("is for collect.internal, not for 127.0.0.1", "属于 collect.internal"),
        Said("Use one of these names in server_host", "请在 server_host 中使用上述名称"),
    )


def test_wrong_host_and_expired() -> None:
    """A certificate for another host that has expired is told as both."""
    authority = trustme.CA()
    ended = datetime(2024, 5, 6, tzinfo=timezone.utc)
    issued = authority.issue_cert(
        "*.internal", not_before=ended - timedelta(days=9), not_after=ended
    )
    with authority.cert_pem.tempfile() as ca_file, Server(tls=with_certificate(issued)) as server:
        problem = only_problem(diagnose(server.url, verify_cert=ca_file))
    assert_told(problem, Said("not for 127.0.0.1", "而不是 127.0.0.1"), Said("", ""))
    assert_told(problem, Said("has expired", "证书已过期"), Said("to renew it", "更换证书"))


def test_silent_port() -> None:
    """A port that takes connections and says nothing is told in words."""
    with silent_port() as port:
        assert_told(
            only_problem(diagnose(f"https://127.0.0.1:{port}", timeout_s=0.2)),
            Said("open but silent: no TLS handshake within 0.2 s", "0.2 秒内没有完成 TLS 握手"),
            Said("is the one for HTTPS", "HTTPS 端口"),
        )


def test_closing_port() -> None:
    """A port that closes the connection is told in words."""
    with closing_port() as url:
        assert_told(
            only_problem(diagnose(url)),
            Said("closed the connection during the TLS handshake", "在 TLS 握手时关闭了连接"),
            Said("Check the port in server_host", "请检查 server_host 中的端口"),
        )


def test_https_to_a_plain_port() -> None:
    """An https:// address whose port speaks plain HTTP is told, with what to try."""
    with Collector() as collector:
        assert_told(
            only_problem(diagnose(collector.url.replace("http:", "https:"))),
            Said("the server does not speak TLS", "服务器没有使用 TLS"),
            Said("whether it should start with http://", "是否应以 http:// 开头"),
        )


def test_http_to_a_tls_port() -> None:
    """An http:// address whose port wants TLS is told, with what to write."""
    with Server(tls=with_certificate(trustme.CA().issue_cert("127.0.0.1"))) as server:
        assert_told(
            only_problem(diagnose(server.url.replace("https:", "http:"))),
            Said("the server speaks TLS on this port", "该端口使用 TLS"),
            Said("Make server_host start with https://", "改为以 https:// 开头"),
        )


def test_wrong_project() -> None:
    """A server that does not know the path is told with what may be wrong."""
    with Server(404) as server:
        assert_told(
            only_problem(diagnose(server.url)),
            Said("wrong path or project (404)", "路径或项目错误（404）"),
            Said("Check product_id as well", "请检查 product_id"),
        )
