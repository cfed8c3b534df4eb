"""mixpanel with its BufferedConsumer.

It only speaks to https:// by default and mounts its retries there. The server of this comparison
has no TLS, so the same adapter is mounted for http://: the retries are the documented ones.
"""

from __future__ import annotations

from mixpanel import BufferedConsumer, Mixpanel

from benchmarks.losses.clients import Client, Report


def connect(server: str, report: Report) -> Client:
    consumer = BufferedConsumer(events_url=f"{server}/track")
    session = consumer._consumer._session
    session.mount("http://", session.get_adapter("https://"))
    mixpanel = Mixpanel("token", consumer=consumer)
    return Client(lambda token: mixpanel.track("user-1", token), consumer.flush)
