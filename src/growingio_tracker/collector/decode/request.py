"""From a request to its messages, whichever way it carries them."""

from collections.abc import Iterable

from growingio_tracker.collector.decode.body import Decoded, decode_body
from growingio_tracker.collector.decode.envelope import read_envelope
from growingio_tracker.collector.decode.image import read_image
from growingio_tracker.collector.decode.trail import Said, Trail
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.wire import Kind


def decode_request(
    kind: Kind, method: str, query: str, headers: Iterable[tuple[str, str]], body: bytes
) -> Decoded:
    """Return what a request to a collect path holds. Never raises on anything that can arrive.

    :param method: ``"GET"`` for an image request, whose body is in the query; anything else has
        it in ``body``.
    :param query: as it came, not decoded, without ``?``.
    """
    if method != "GET":
        return decode_body(kind, read_envelope(headers, query), body)
    image = read_image(query)
    if image is None:
        return Decoded(reason=Problem("no_data"))
    trail = Trail()
    size = f"{len(image.body):,}"
    said = Said(f"data= of the URL, {size} bytes", f"URL 中的 data=，{size} 字节")
    trail.output("image", said, query.encode("latin-1"), image.body)
    decoded = decode_body(kind, read_envelope(headers, image.query), image.body)
    decoded.steps[:0] = trail.steps
    return decoded
