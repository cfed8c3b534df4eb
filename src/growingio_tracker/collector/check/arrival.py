"""What a request tells about each of its messages."""

from typing import NamedTuple


class Arrival(NamedTuple):
    """How messages arrived; None where it is not known, and then nothing is judged by it.

    ``received_us`` is the time of receipt in Unix microseconds; ``project`` is the one in the
    path, ``stm`` the query's, ``client`` the sending SDK's name.
    """

    received_us: int | None = None
    project: str | None = None
    client: str | None = None
    method: str = "POST"
    stm: str | None = None
