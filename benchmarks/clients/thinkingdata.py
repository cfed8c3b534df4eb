"""ThinkingDataSdk with its TDBatchConsumer, which sends in the caller's thread."""

from __future__ import annotations

from tgasdk.sdk import TDAnalytics, TDBatchConsumer

from benchmarks.clients import ATTRIBUTES, NAME, USER, Client


def make(server: str, strategy: str) -> Client:
    options = {"batch": 1} if strategy == "single" else {}
    thinking = TDAnalytics(TDBatchConsumer(server, "appid", **options))
    return Client(
        lambda: thinking.track(account_id=USER, event_name=NAME, properties=dict(ATTRIBUTES)),
        thinking.flush,
    )
