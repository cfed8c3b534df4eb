"""Bodies of the API's calls."""

from typing import Final, TypeVar

import msgspec
from starlette.requests import Request

from growingio_tracker.collector.api.common import WrongParameterError

_MOST_BYTES: Final = 1_000_000

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


async def body_up_to(request: Request, most: int) -> bytes:
    """Return the body; of one that is longer than ``most`` bytes, what shows that it is."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            break
    return bytes(content)


async def body_as(request: Request, kind: type[_Struct]) -> _Struct:
    """Return the body as a ``kind``; an empty one stands for ``{}``.

    :raises WrongParameterError: it is anything else, or over a megabyte.
    """
    content = await body_up_to(request, _MOST_BYTES)
    if len(content) > _MOST_BYTES:
        raise WrongParameterError(f"The body is over {_MOST_BYTES:,} bytes.")
    try:
        return msgspec.json.decode(content or b"{}", type=kind)
    except msgspec.DecodeError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(kind))
        raise WrongParameterError(f"The body cannot be used: {error} Known are {known}.") from error
