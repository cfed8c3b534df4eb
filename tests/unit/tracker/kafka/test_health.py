"""Health of a relay over HTTP."""

from __future__ import annotations

from msgspec.structs import replace
from urllib3 import request

from growingio_tracker.delivery.ledger import Stats
from growingio_tracker.kafka.health import answering
from growingio_tracker.kafka.relay import RelayStatus


class Examined:
    """A relay that is as well as told."""

    def __init__(self) -> None:
        self.now = RelayStatus(True, 0.1, partitions=2, paused=1, lag={0: 7})
        self.delivers = True

    def stats(self) -> Stats:
        return Stats(adopted=9, delivered=5, rejected={"status_400": 2}, pending=2, last_error="no")

    def status(self) -> RelayStatus:
        return self.now

    def healthy(self, within_s: float) -> bool:
        return self.delivers


def get(port: int, path: str) -> tuple[int, str]:
    answer = request("GET", f"http://127.0.0.1:{port}{path}")
    return answer.status, answer.data.decode()


def test_probes() -> None:
    """A server that is away makes the relay unready, and only a hanging one asks for a restart."""
    relay = Examined()
    with answering(relay, "127.0.0.1", 0) as port:
        assert get(port, "/livez") == (200, "ok\n")
        assert get(port, "/readyz") == (200, "ok\n")
        relay.delivers = False
        assert get(port, "/livez") == (200, "ok\n")
        assert get(port, "/readyz") == (503, "nothing was delivered for 60 s: no\n")
        relay.now = replace(relay.now, has_joined=False)
        assert get(port, "/readyz") == (503, "the relay has not joined its group yet\n")
        relay.now = replace(relay.now, poll_age_s=100.0)
        assert get(port, "/livez") == (503, "Kafka has not been polled for 100 s\n")
        assert get(port, "/")[0] == 404


def test_metrics() -> None:
    """The figures add up, and dead letters are counted by reason."""
    with answering(Examined(), "127.0.0.1", 0) as port:
        _, text = get(port, "/metrics?x=1")
    figures = dict(one.rsplit(" ", 1) for one in text.splitlines() if not one.startswith("#"))
    assert figures["growingio_relay_consumed_total"] == "9.0"
    assert figures["growingio_relay_delivered_total"] == "5.0"
    assert figures['growingio_relay_dead_letters_total{reason="status_400"}'] == "2.0"
    assert figures["growingio_relay_pending"] == "2.0"
    assert figures['growingio_relay_lag{partition="0"}'] == "7.0"
    assert figures["growingio_relay_partitions_paused"] == "1.0"
