"""What `growingio doctor` finds, at real servers that are wrong in one way each."""

from __future__ import annotations

import socket
import ssl
import struct
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme

from delivering.processes import run_well
from delivering.proxies import Proxy
from delivering.servers import Answer, BlackHole, Server, refused_url, reply, then_close
from diagnosing import diagnose, only_problem, status_of, with_certificate
from growingio_cli.doctor.asking import TEST_EVENT
from growingio_cli.doctor.configuration import read
from growingio_cli.doctor.examination import examine
from growingio_collector import Collector, Serving

TEN_MISTAKES = """
[growingio]
product_id = "p"
data_source_id = "d"
servr_host = "http://127.0.0.1:1"
strategy = "asink"
format = "xml"
retry_limit = "three"
request_timeout = true
verify_cert = 1.5
redact = "phone"
strict = "yes"

[growingio.queue]
max_event = 5
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Corp Root")


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def test_all_well() -> None:
    """At a server that accepts, there is no problem, and no event is sent."""
    with Server() as server:
        findings = diagnose(server.url)
        assert "bad" not in status_of(findings).values()
        assert status_of(findings)["answer"] == "ok"
        assert [request.body for request in server.received if request.method == "POST"] == [b"[]"]


def test_send() -> None:
    """With send, one good event in each format arrives, named as a test."""
    with Collector() as collector:
        findings = diagnose(collector.url, send=True)
        events = collector.wait(4, name=TEST_EVENT)
        [probe] = [event for event in collector.events() if event.kind == "request"]
        assert [issue.code for issue in probe.issues] == ["doctor_probe"]
        assert {event.verdict for event in events} == {"ok"}
        formats = ["json", "protobuf", "snappy", "snappy_crypt"]
        assert sorted(str(event.attributes["format"]) for event in events) == formats
        assert all(status_of(findings)[f"send {form}"] == "ok" for form in formats)


@pytest.mark.parametrize("serving", [Serving(), Serving(bind="0.0.0.0")])
def test_collector_is_recognised(serving: Serving) -> None:
    """The local collector is recognised, also one that asks for a token."""
    with Collector(serving=serving) as collector:
        assert status_of(diagnose(collector.url))["collector"] == "ok"


def test_collector_is_recognised_by_its_header() -> None:
    """Another server that speaks of a collector is not taken for one."""
    with Server(200, reply(401, body=b"the collector asks for a token")) as server:
        assert "collector" not in status_of(diagnose(server.url))


def test_missing_certificate_file(tmp_path: Path) -> None:
    """A verify_cert that is not there is one problem, and the server is not asked."""
    with Server() as server:
        url = server.url.replace("http:", "https:")
        findings = diagnose(url, verify_cert=str(tmp_path / "none.pem"))
        assert only_problem(findings).name == "configuration"
        assert (status_of(findings)["tls"], status_of(findings)["answer"]) == ("skipped", "skipped")


def test_missing_certificate_file_behind_a_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one problem as well where a proxy is asked for a tunnel."""
    proxy = Proxy()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with Server() as server:
        url = server.url.replace("http:", "https:")
        findings = diagnose(url, verify_cert=str(tmp_path / "none.pem"))
        proxy.close()
    assert only_problem(findings).name == "configuration"
    assert (status_of(findings)["proxy"], status_of(findings)["tls"]) == ("ok", "skipped")


def test_closed_port() -> None:
    """Nobody listening is found at the connection, and the server is not asked."""
    findings = diagnose(refused_url())
    assert only_problem(findings).name == "tcp"
    assert status_of(findings)["answer"] == "skipped"


def test_unknown_name() -> None:
    """A host that does not exist is found at the look-up."""
    problem = only_problem(diagnose("http://collect.invalid"))
    assert (problem.name, "collect.invalid" in problem.said.en) == ("dns", True)


def test_unknown_authority(authority: trustme.CA) -> None:
    """A certificate of an unknown authority is found, and the authority named."""
    with Server(tls=with_certificate(authority.issue_cert("127.0.0.1"))) as server:
        problem = only_problem(diagnose(server.url))
        assert (problem.name, "Corp Root" in problem.said.en) == ("tls", True)
        assert "verify_cert" in problem.fix.en
        assert server.received == []


def test_self_signed(tmp_path: Path, authority: trustme.CA) -> None:
    """A server that vouches for itself alone is found, with the command that saves its word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.cert_pem.tempfile() as cert, authority.private_key_pem.tempfile() as key:
        context.load_cert_chain(cert, key)
    with Server(tls=context) as server:
        problem = only_problem(diagnose(server.url))
        assert problem.said.en.startswith("the certificate of Corp Root, Testing CA")
        assert f"-connect 127.0.0.1:{server.port}" in problem.fix.en


def test_chain(authority: trustme.CA, ca_file: str) -> None:
    """Every authority behind a trusted certificate is named, up to the one that is trusted."""
    issued = authority.create_child_ca().issue_cert("127.0.0.1")
    with Server(tls=with_certificate(issued)) as server:
        [tls] = [one for one in diagnose(server.url, verify_cert=ca_file) if one.name == "tls"]
        assert "which is signed by Corp Root" in tls.said.en


def test_incomplete_chain(authority: trustme.CA, ca_file: str) -> None:
    """A server that leaves the intermediate certificate out is told that the chain lacks it."""
    issued = authority.create_child_ca().issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with issued.cert_chain_pems[0].tempfile() as cert, issued.private_key_pem.tempfile() as key:
        context.load_cert_chain(cert, key)
    with Server(tls=context) as server:
        problem = only_problem(diagnose(server.url, verify_cert=ca_file))
        assert "sent only its own certificate" in problem.said.en
        assert "chain is incomplete" in problem.fix.en


def test_untrusted_chain(authority: trustme.CA, ca_file: str) -> None:
    """A whole chain that ends at an authority nobody trusts is refused, with that one's name."""
    issued = trustme.CA(organization_name="Snoop Root").create_child_ca().issue_cert("127.0.0.1")
    with Server(tls=with_certificate(issued)) as server:
        problem = only_problem(diagnose(server.url, verify_cert=ca_file))
        assert "missing: Snoop Root" in problem.said.en


def test_expired_and_unknown(authority: trustme.CA) -> None:
    """A certificate that is wrong in two ways is told to be."""
    ended = datetime(2024, 5, 6, tzinfo=timezone.utc)
    issued = authority.issue_cert(
        "127.0.0.1", not_before=ended - timedelta(days=9), not_after=ended
    )
    with Server(tls=with_certificate(issued)) as server:
        problem = only_problem(diagnose(server.url))
        assert "the certificate has expired" in problem.said.en
        assert "2024-05-06" in problem.said.en


def test_not_yet_valid(authority: trustme.CA, ca_file: str) -> None:
    """A certificate of tomorrow is found, with the clock that may be to blame."""
    begins = datetime.now(timezone.utc) + timedelta(days=1)
    issued = authority.issue_cert("127.0.0.1", not_before=begins)
    with Server(tls=with_certificate(issued)) as server:
        problem = only_problem(diagnose(server.url, verify_cert=ca_file))
        assert ("not valid yet" in problem.said.en, "clock" in problem.fix.en) == (True, True)


def test_wrong_host_name(authority: trustme.CA, ca_file: str) -> None:
    """A certificate for another host is found, and that host named."""
    with Server(tls=with_certificate(authority.issue_cert("elsewhere.example"))) as server:
        problem = only_problem(diagnose(server.url, verify_cert=ca_file))
        assert problem.name == "tls"
        assert "elsewhere.example, not for 127.0.0.1" in problem.said.en


def test_expired(authority: trustme.CA, ca_file: str) -> None:
    """A certificate that has expired is found, with the day."""
    ended = datetime(2024, 5, 6, 7, 8, tzinfo=timezone.utc)
    issued = authority.issue_cert(
        "127.0.0.1", not_before=ended - timedelta(days=90), not_after=ended
    )
    with Server(tls=with_certificate(issued)) as server:
        problem = only_problem(diagnose(server.url, verify_cert=ca_file))
        assert (problem.name, "2024-05-06 07:08 UTC" in problem.said.en) == ("tls", True)


def test_expires_soon(authority: trustme.CA, ca_file: str) -> None:
    """A certificate that ends within three weeks is warned of, and everything works."""
    ends = datetime.now(timezone.utc) + timedelta(days=5, hours=1)
    issued = authority.issue_cert("127.0.0.1", not_after=ends)
    with Server(tls=with_certificate(issued)) as server:
        findings = diagnose(server.url, verify_cert=ca_file)
        [tls] = [one for one in findings if one.name == "tls"]
        assert (tls.status, "5 days left" in tls.said.en) == ("warn", True)
        assert status_of(findings)["answer"] == "ok"


def test_unchecked_certificate(authority: trustme.CA) -> None:
    """verify_cert=False works, and is warned of."""
    with Server(tls=with_certificate(authority.issue_cert("127.0.0.1"))) as server:
        found = status_of(diagnose(server.url, verify_cert="false"))
        assert (found["tls"], found["answer"]) == ("warn", "ok")


def test_no_tls() -> None:
    """A server that speaks plain HTTP behind an https:// address is found."""
    with Collector() as collector:
        problem = only_problem(diagnose(collector.url.replace("http:", "https:")))
        assert (problem.name, "http://" in problem.fix.en) == ("tls", True)


def test_tls_behind_http(authority: trustme.CA) -> None:
    """A port that speaks TLS behind an http:// address is found, whatever it answers to HTTP."""
    with Server(tls=with_certificate(authority.issue_cert("127.0.0.1"))) as server:
        problem = only_problem(diagnose(server.url.replace("https:", "http:")))
        assert (problem.name, "https://" in problem.fix.en) == ("answer", True)


PAGE = reply(200, "content-type: text/html", body=b"<!doctype html><title>Log in</title>")

ANSWERS = [
    (reply(404, body=b"no\x1b[2Jsuch project"), "wrong path or project (404: no [2Jsuch project)"),
    (reply(401), "credentials"),
    (reply(403), "forbidden"),
    (reply(405), "does not accept events"),
    (reply(418), "not an answer of a collect server"),
    (reply(500), "failing"),
    (reply(502), "failing"),
    (reply(413), "too large"),
    (reply(400, "content-type: text/html", body=b"<html>"), "rejects the content (400: <html>)"),
    (reply(302, "location: https://new.example/"), "redirects"),
    (PAGE, "web page"),
]


@pytest.mark.parametrize(("raw", "said"), ANSWERS)
def test_answers(raw: bytes, said: str) -> None:
    """What is no acceptance is a problem, said in words, without control characters."""
    with Server(raw) as server:
        problem = only_problem(diagnose(server.url))
        assert problem.name == "answer"
        assert said in problem.said.en


@pytest.mark.parametrize("status", [400, 429])
def test_answers_that_warn(status: int) -> None:
    """A refused empty list, and a busy server, are no problems yet."""
    with Server(status) as server:
        assert status_of(diagnose(server.url))["answer"] == "warn"


def test_refused_event() -> None:
    """A server that takes an empty list and refuses events is found with send."""
    answers = [204, 204, 400, 400, 400, 400]
    with Server(*answers) as server:
        bad = {one.name for one in diagnose(server.url, send=True) if one.status == "bad"}
        assert bad == {"send json", "send snappy", "send snappy_crypt", "send protobuf"}


@pytest.mark.parametrize(
    ("hours", "words"), [(1, "60 min behind"), (-5, "5.0 h ahead of"), (0.1, "6 min behind")]
)
def test_clock(hours: float, words: str) -> None:
    """A clock that is far from the server's is found, how far, and which way."""
    date = format_datetime(datetime.now(timezone.utc) + timedelta(hours=hours))
    with Server(reply(204, f"date: {date}")) as server:
        problem = only_problem(diagnose(server.url))
        assert (problem.name, words in problem.said.en) == ("clock", True)


@pytest.mark.parametrize("date", ["yesterday", "Tue, 99 Foo 2024 00:00:00 GMT", ""])
def test_unreadable_date(date: str) -> None:
    """A date that is none is no problem."""
    with Server(reply(204, f"date: {date}")) as server:
        assert status_of(diagnose(server.url))["clock"] == "skipped"


def _reset(connection: socket.socket) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def test_slow_server() -> None:
    """A server that never answers is found within the time-out."""
    with BlackHole() as hole:
        problem = only_problem(diagnose(hole.url, timeout_s=0.2))
        assert (problem.name, problem.said.en) == ("answer", "no answer within 0.2 s")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (then_close(b"SSH-2.0-OpenSSH_9.9\r\n"), "not HTTP"),
        (None, "closed the connection without an answer"),
        (_reset, "reset"),
    ],
)
def test_broken_answer(answer: Answer, said: str) -> None:
    """A server that breaks off, or speaks something else, is found and said in plain words."""
    with Server(answer, answer) as server:
        problem = only_problem(diagnose(server.url))
        assert (problem.name, said in problem.said.en) == ("answer", True)
        assert "Error" not in problem.said.en


@pytest.fixture
def closed_proxy(monkeypatch: pytest.MonkeyPatch) -> Proxy:
    proxy = Proxy("Basic wanted")
    monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@{proxy.address}")
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@{proxy.address}")
    return proxy


@pytest.mark.parametrize(("scheme", "name"), [("http", "answer"), ("https", "proxy")])
def test_proxy_that_refuses(closed_proxy: Proxy, scheme: str, name: str) -> None:
    """A proxy that refuses is found, and its password is nowhere shown."""
    findings = diagnose(f"{scheme}://127.0.0.1:9")
    problem = only_problem(findings)
    assert (problem.name, "407" in problem.said.en) == (name, True)
    assert "secret" not in repr(findings)
    closed_proxy.close()


def test_dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy at which nobody listens is found, with the variable that names it."""
    monkeypatch.setenv("HTTP_PROXY", refused_url())
    problem = only_problem(diagnose("http://collect.example"))
    assert (problem.name, "HTTP_PROXY" in problem.fix.en) == ("tcp", True)


def test_proxy_of_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that cannot be found is blamed itself, not the server."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    problem = only_problem(diagnose("http://collect.example"))
    assert (problem.name, "HTTP_PROXY" in problem.fix.en) == ("dns", True)


def test_unusable_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of an unknown kind is found."""
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1080")
    assert only_problem(diagnose("http://collect.example")).name == "proxy"


def test_through_a_proxy(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy that tunnels, the server's certificate is looked at and events are taken."""
    proxy = Proxy()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with Server(tls=with_certificate(authority.issue_cert("127.0.0.1"))) as server:
        found = status_of(diagnose(server.url, verify_cert=ca_file))
        proxy.close()  # first, because it holds the server's connections open
        assert (found["proxy"], found["tls"], found["answer"]) == ("ok", "ok", "ok")


def test_through_a_proxy_over_tls(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that is spoken to over TLS is no obstacle to looking at the server's certificate."""
    proxy = Proxy(tls=with_certificate(authority.issue_cert("127.0.0.1")))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with Server(tls=with_certificate(authority.issue_cert("127.0.0.1"))) as server:
        findings = diagnose(server.url, verify_cert=ca_file)
        proxy.close()
    found = status_of(findings)
    assert (found["proxy"], found["tls"], found["answer"]) == ("ok", "ok", "ok"), findings


def test_ten_mistakes(tmp_path: Path) -> None:
    """All mistakes of a file are found, each once and at its line."""
    file = tmp_path / "gio.toml"
    file.write_text(TEN_MISTAKES)
    findings = list(examine(read(file, {})))
    mistakes = [one.said.en for one in findings if one.name == "configuration"]
    assert len(mistakes) == 9
    assert any("server_host?" in one and "line 5" in one for one in mistakes)
    assert all(one.status == "bad" for one in findings if one.name == "configuration")


@pytest.mark.parametrize("content", ["[", None])
def test_unreadable_file(tmp_path: Path, content: str | None) -> None:
    """A file that is no TOML, and one that is not there, are found."""
    file = tmp_path / "gio.toml"
    if content is not None:
        file.write_text(content)
    problem = only_problem(list(examine(read(file, {}))))
    assert (problem.name, "gio.toml" in problem.said.en) == ("configuration", True)


@pytest.mark.parametrize("host", ["collect.example", "http://user:secret@collect.example"])
def test_unusable_host(host: str) -> None:
    """A server_host that cannot be used is one problem, without the password in it."""
    settings = read(None, {"GROWINGIO_SERVER_HOST": host})
    problems = [one for one in examine(settings) if "server_host" in one.said.en]
    assert [one.status for one in problems] == ["bad"]
    assert "secret" not in repr([settings.shown, problems])


def test_values_are_shown_masked() -> None:
    """Every value is shown with its origin, ids only by their beginning."""
    shown = read(None, {"GROWINGIO_PRODUCT_ID": "0123456789"}).shown
    assert ("product_id", "0123…", "GROWINGIO_PRODUCT_ID") in [
        (one.name, one.value, one.origin.en) for one in shown
    ]
    assert ("strategy", "'async'", "") in [(o.name, o.value, o.origin.en) for o in shown]


def test_value_that_only_a_consumer_refuses() -> None:
    """A value of the right type that no consumer takes is found."""
    problem = only_problem(diagnose(refused_url(), retry_limit="-1")[:1])
    assert "retry_limit" in problem.said.en


def test_disabled() -> None:
    """Sending that is switched off is warned of."""
    assert status_of(diagnose(refused_url(), disabled="true"))["disabled"] == "warn"


@pytest.mark.parametrize(("form", "status"), [("json", "skipped"), ("snappy", "bad")])
def test_format_that_is_not_installed(form: str, status: str) -> None:
    """A format whose package is missing is a problem only where it is the configured one."""
    printed = run_well(
        f"""
        import sys
        sys.modules["cramjam"] = sys.modules["snappy"] = None
        from growingio_cli.doctor.configuration import read
        from growingio_cli.doctor.examination import examine
        settings = {{"GROWINGIO_FORMAT": "{form}", "GROWINGIO_SERVER_HOST": "{refused_url()}"}}
        for one in examine(read(None, settings)):
            if one.name == "format snappy":
                print(one.status, "growingio_tracker[snappy]" in one.fix.en)
        """
    )
    assert printed == f"{status} True\n"
