"""This SDK with its DurableConsumer, whose spool is in the directory of the program."""

from __future__ import annotations

from benchmarks.losses.clients import Client, Report
from benchmarks.losses.clients.growingio import tracking
from growingio_tracker import DurableConsumer


def connect(server: str, report: Report) -> Client:
    consumer = DurableConsumer("project", "source", server, spool="spool", on_error=report)
    return tracking(consumer, consumer.close)
