"""Who may see what was collected, and who may change it."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import urllib3

from growingio_collector import Collector, Handling, Serving
from growingio_collector.settings import LANGUAGES
from growingio_tracker.exceptions import GrowingParamException

COLLECT = "/v3/projects/p1/collect?stm=1"
GUARD = {"X-Gio-Collector": "1"}
EVENT = {
    "eventType": "CUSTOM",
    "eventName": "pay",
    "timestamp": 1700000000123,
    "userId": "u1",
    "dataSourceId": "s1",
}


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    """Send requests exactly once, and follow no redirect."""
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        yield pool


def _send(http: urllib3.PoolManager, url: str, **headers: str) -> int:
    return http.request("POST", url + COLLECT, json=[EVENT], headers=headers).status


class TestHost:
    @pytest.mark.parametrize("path", ["/", "/api/v1/events", "/api/v1/nothing", "/micro/all"])
    def test_foreign_name_sees_nothing(self, http: urllib3.PoolManager, path: str) -> None:
        """Whatever shows what was collected is refused under a foreign name."""
        with Collector() as collector:
            answer = http.request("GET", collector.url + path, headers={"Host": "evil.example"})
        assert answer.status == 403
        assert "--allow-host" in answer.data.decode()

    def test_foreign_name_is_collected(self, http: urllib3.PoolManager) -> None:
        """A client in a container may know this machine by any name: what it sends is kept."""
        with Collector() as collector:
            assert _send(http, collector.url, Host="host.docker.internal:8917") == 204
            assert len(collector.events()) == 1

    def test_allowed(self, http: urllib3.PoolManager) -> None:
        """A name that was allowed is answered, with any port."""
        with Collector(serving=Serving(allow_hosts=("Box.Example",))) as collector:
            for host in ("box.example", "BOX.example:81"):
                url = f"{collector.url}/api/v1/events"
                assert http.request("GET", url, headers={"Host": host}).status == 200
            answer = http.request("GET", collector.url, headers={"Host": "x.box.example"})
            assert answer.status == 403


class TestOrigin:
    def test_protecting_headers(self, http: urllib3.PoolManager) -> None:
        """No inline script runs on what is answered, nobody frames it, and nobody guesses types."""
        with Collector() as collector:
            for path in ("/", "/api/v1/events", "/api/v1/nothing"):
                headers = http.request("GET", collector.url + path).headers
                policy = headers["content-security-policy"]
                assert "script-src 'self';" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_foreign_page_changes_nothing(self, http: urllib3.PoolManager, method: str) -> None:
        """A foreign page cannot change anything, even with the guard header."""
        headers = {**GUARD, "Origin": "https://evil.example"}
        with Collector() as collector:
            _send(http, collector.url)
            url = f"{collector.url}/api/v1/events"
            assert http.request(method, url, headers=headers).status == 403
            assert len(collector.events()) == 1

    def test_own_page_may(self, http: urllib3.PoolManager) -> None:
        """The collector's own page may change things."""
        with Collector() as collector:
            headers = {**GUARD, "Origin": collector.url}
            url = f"{collector.url}/api/v1/events"
            assert http.request("DELETE", url, headers=headers).status == 200

    def test_allowed_origin(self, http: urllib3.PoolManager) -> None:
        """Pages of an allowed origin may read and change; others get no CORS header."""
        origin = "https://tool.example"
        with Collector(serving=Serving(api_cors=(origin,))) as collector:
            url = f"{collector.url}/api/v1/events"
            answer = http.request("OPTIONS", url, headers={"Origin": origin})
            assert answer.status == 204
            assert "X-Gio-Collector" in answer.headers["access-control-allow-headers"]
            answer = http.request("DELETE", url, headers={**GUARD, "Origin": origin})
            assert answer.status == 200
            assert answer.headers["access-control-allow-origin"] == origin
            answer = http.request("GET", url, headers={"Origin": "https://other.example"})
            assert "access-control-allow-origin" not in answer.headers


class TestToken:
    @pytest.fixture
    def open_collector(self) -> Iterator[Collector]:
        """Run a collector that other machines may reach."""
        with Collector(serving=Serving(bind="0.0.0.0")) as collector:
            yield collector

    def test_demanded(self, open_collector: Collector, http: urllib3.PoolManager) -> None:
        """Without the token neither page nor API answer, and collecting needs none."""
        for path in ("/", "/api/v1/events", "/micro/all", "/?token=wrong"):
            assert http.request("GET", open_collector.url + path).status == 401
        assert _send(http, open_collector.url) == 204
        assert http.request("GET", f"{open_collector.url}/healthy-check").data == b"OK"

    def test_bearer(self, open_collector: Collector, http: urllib3.PoolManager) -> None:
        """The token is taken as a header, also when the host is an address."""
        headers = {"Authorization": f"Bearer {open_collector.token}", "Host": "192.0.2.7:8917"}
        assert http.request("GET", f"{open_collector.url}/api/v1/info", headers=headers).json()

    def test_cookie(self, open_collector: Collector, http: urllib3.PoolManager) -> None:
        """The printed address sets a cookie that no script and no foreign page can use."""
        answer = http.request("GET", open_collector.page_url + "&x=1", redirect=False)
        cookie = answer.headers["set-cookie"]
        assert (answer.status, answer.headers["location"]) == (303, "/?x=1")
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        url = f"{open_collector.url}/api/v1/events"
        headers = {"Cookie": cookie.split(";")[0]}
        assert http.request("GET", url, headers=headers).status == 200
        assert http.request("GET", url, headers={"Cookie": "gio_collector_1=x"}).status == 401

    def test_addresses(self, open_collector: Collector) -> None:
        """It says by which addresses other machines reach it."""
        urls = open_collector.info().urls
        assert urls[0] == open_collector.url == f"http://127.0.0.1:{open_collector.port}"

    def test_none_on_loopback(self) -> None:
        """A collector that only this machine can reach has no token."""
        with Collector() as collector:
            assert collector.token is None
            assert collector.page_url == collector.url + "/"


class TestPorts:
    def test_several(self, http: urllib3.PoolManager) -> None:
        """Every port collects into the same store."""
        with Collector(serving=Serving(more_ports=(0, 0))) as collector:
            urls = collector.info().urls
            assert len(set(urls)) == 3
            assert [_send(http, url) for url in urls] == [204] * 3
            assert len(collector.events()) == 3

    def test_tls(self, tmp_path: Path) -> None:
        """The TLS port shows a certificate of its own that is valid for this machine's names."""
        serving = Serving(tls_port=0, data_folder=tmp_path)
        with Collector(serving=serving) as collector:
            url = collector.info().urls[-1]
            assert url.startswith("https://127.0.0.1:")
            certificate = tmp_path / "collector.crt"
            with urllib3.PoolManager(ca_certs=str(certificate), retries=False) as trusting:
                assert _send(trusting, url) == 204
                assert _send(trusting, url.replace("127.0.0.1", "localhost")) == 204
            assert len(collector.events()) == 2
        assert (tmp_path / "collector.key").stat().st_mode & 0o077 == 0
        made = certificate.read_bytes()
        with Collector(serving=serving):
            assert certificate.read_bytes() == made
        with Collector(serving=Serving(tls_port=0, data_folder=tmp_path, allow_hosts=("a.b",))):
            assert certificate.read_bytes() != made
        ssl.create_default_context(cafile=str(certificate))

    def test_folder_of_the_certificate(self, tmp_path: Path) -> None:
        """A folder that cannot be made is named."""
        (tmp_path / "file").write_text("")
        with pytest.raises(GrowingParamException, match="tls: the certificate cannot be stored"):
            Collector(serving=Serving(tls_port=0, data_folder=tmp_path / "file" / "x"))

    def test_next_port(self) -> None:
        """When asked to, it takes the next free port."""
        with Collector() as first, Collector(first.port, serving=Serving(next_port=True)) as second:
            assert first.port < second.port <= first.port + 100

    def test_taken_by_a_collector(self) -> None:
        """The error says that another collector has the port."""
        with Collector() as first, pytest.raises(GrowingParamException, match="another collector"):
            Collector(first.port)

    def test_taken_by_something_else(self) -> None:
        """The error says that another program has the port, and does not wait for it long."""
        with closing(socket.create_server(("127.0.0.1", 0))) as other:
            port: int = other.getsockname()[1]
            with pytest.raises(GrowingParamException, match="another program"):
                Collector(port)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("bind", "localhost"),
            ("allow_hosts", ("http://a",)),
            ("api_cors", ("tool.example",)),
            ("lang", "de"),
        ],
    )
    def test_wrong(self, name: str, value: object) -> None:
        """A setting that cannot be meant is refused with its name."""
        with pytest.raises(GrowingParamException, match=f"^{name}: "):
            Serving(**{name: value})  # type: ignore[arg-type]

    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_language(self, lang: str) -> None:
        """The language of the page is told to it."""
        with Collector(serving=Serving(lang=lang)) as collector:
            assert collector.info().lang == lang


class TestHandling:
    def test_strict(self, http: urllib3.PoolManager) -> None:
        """A request with a bad event is stored and answered 400 with the reasons; others 204."""
        with Collector(handling=Handling(strict=True)) as collector:
            assert _send(http, collector.url) == 204
            bad = [EVENT, {**EVENT, "attributes": [1]}]
            answer = http.request("POST", collector.url + COLLECT, json=bad)
            assert answer.status == 400
            assert answer.data.decode().startswith("event 2: ")
            assert [request.answered for request in collector.requests()] == [204, 400]
            assert len(collector.events()) == 3

    def test_redact(self, tmp_path: Path, http: urllib3.PoolManager) -> None:
        """A value that is to be hidden is nowhere in the file, and its key and verdict are."""
        secret = "13812345678"
        path = tmp_path / "a.db"
        event = {**EVENT, "userId": secret, "attributes": {"phone": secret, "x": {"phone": [1]}}}
        handling = Handling(redact=("phone", "userId"))
        with Collector(db=path, handling=handling) as collector:
            http.request("POST", collector.url + COLLECT, json=[event, {**event, "phone": 1e9}])
            query = f"/v3/projects/p1/collect?stm=1&compress=0&data={json.dumps([event])}"
            http.request("GET", collector.url + query)
            first = collector.events()[0]
            assert (first.user_id, first.verdict) == ("***", "warn")
            assert first.attributes == {"phone": "***", "x": {"phone": "***"}}
            assert collector.requests()[0].body == b""
            assert collector.requests()[0].steps[-1].name == "redacted"
            contents = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b'"phone"' in contents
        assert secret.encode() not in contents
