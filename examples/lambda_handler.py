"""A function for AWS Lambda: its events are delivered before it returns and is frozen."""

from typing import Any

from growingio_tracker import GrowingTracker
from growingio_tracker.integrations.serverless import flush_before_return

tracker = GrowingTracker.from_env()


@flush_before_return(tracker)
def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Sell one."""
    with tracker.context(login_user_id=event.get("user")):
        tracker.track_custom_event("buy", attributes={"sku": event["sku"]})
    return {"statusCode": 200}


if __name__ == "__main__":
    print(handler({"user": "user-1", "sku": "A-1"}, None))
