"""A task in Celery, and when run as a program, those who send it.

``celery -A celery_tasks worker``, and in another shell ``python celery_tasks.py``.
"""

from pathlib import Path

from celery import Celery

from growingio_tracker import GrowingTracker
from growingio_tracker.integrations.celery import connect

tracker = GrowingTracker.from_env()
connect(tracker)

app = Celery("celery_tasks", broker="filesystem://")
queue = Path("queue").absolute()
queue.mkdir(exist_ok=True)
app.conf.broker_transport_options = {
    "data_folder_in": str(queue),
    "data_folder_out": str(queue),
    "control_folder": str(queue),
    "polling_interval": 0.1,
}


@app.task
def ship(sku: str) -> None:
    """Ship what was bought."""
    tracker.track_custom_event("ship", attributes={"sku": sku})


if __name__ == "__main__":
    for number in range(4):
        with tracker.context(anonymous_id=f"visitor-{number}", login_user_id=f"user-{number}"):
            ship.delay(f"sku-{number}")
