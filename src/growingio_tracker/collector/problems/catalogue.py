"""Every kind of problem by its code."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.of_bodies import OF_BODIES
from growingio_tracker.collector.problems.of_messages import OF_MESSAGES
from growingio_tracker.collector.problems.of_plans import OF_PLANS
from growingio_tracker.collector.problems.of_requests import OF_REQUESTS
from growingio_tracker.collector.problems.text import Text

CATALOGUE: Final[Mapping[str, Text]] = {**OF_REQUESTS, **OF_BODIES, **OF_MESSAGES, **OF_PLANS}
