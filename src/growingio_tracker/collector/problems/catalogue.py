"""Every kind of problem by its code."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.of_bodies import OF_BODIES
from growingio_tracker.collector.problems.of_codings import OF_CODINGS
from growingio_tracker.collector.problems.of_history import OF_HISTORY
from growingio_tracker.collector.problems.of_messages import OF_MESSAGES
from growingio_tracker.collector.problems.of_plans import OF_PLANS
from growingio_tracker.collector.problems.of_requests import OF_REQUESTS
from growingio_tracker.collector.problems.of_values import OF_VALUES
from growingio_tracker.collector.problems.text import Text

CATALOGUE: Final[Mapping[str, Text]] = {
    **OF_REQUESTS,
    **OF_CODINGS,
    **OF_BODIES,
    **OF_MESSAGES,
    **OF_VALUES,
    **OF_HISTORY,
    **OF_PLANS,
}
