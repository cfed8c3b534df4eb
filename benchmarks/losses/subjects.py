"""The SDKs that are compared, in the order of the columns."""

from __future__ import annotations

import sys
from typing import NamedTuple

from benchmarks.environments import OLD_RELEASE, python_with, version_of

CLIENTS = "benchmarks.losses.clients"


class Subject(NamedTuple):
    """One column of the tables."""

    title: str
    distribution: str
    client: str
    """The module that connects it."""
    environment: str | None = None
    """A name in `REQUIREMENTS`; None is this interpreter."""

    def python(self) -> str:
        return python_with(self.environment) if self.environment else sys.executable

    def version(self) -> str:
        return version_of(self.distribution, self.python())


SUBJECTS = (
    Subject("DurableConsumer", "growingio_tracker", f"{CLIENTS}.growingio_durable"),
    Subject("AsyncBufferedConsumer", "growingio_tracker", f"{CLIENTS}.growingio_async"),
    Subject("AsyncBufferedConsumer", "growingio_tracker", f"{CLIENTS}.growingio_old", OLD_RELEASE),
    Subject("Segment", "segment-analytics-python", f"{CLIENTS}.segment", "segment"),
    Subject("PostHog", "posthog", f"{CLIENTS}.posthog", "posthog"),
    Subject("Mixpanel BufferedConsumer", "mixpanel", f"{CLIENTS}.mixpanel", "mixpanel"),
    Subject("Snowplow", "snowplow-tracker", f"{CLIENTS}.snowplow", "snowplow"),
    Subject("Amplitude", "amplitude-analytics", f"{CLIENTS}.amplitude", "amplitude"),
)
