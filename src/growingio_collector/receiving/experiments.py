"""A/B experiments for tests: the configured variants, and the route that clients ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_collector.receiving.exchanges import cors_headers, preflight_headers
from growingio_wire.errors import invalid

PATH: Final = "/diversion/specified-layer-variables"

_ASKED: Final = ("accountId", "datasourceId", "distinctId", "layerId")
_MAX_FORM_BYTES: Final = 64 * 1024
_WRONG_FORM: Final = 1


class LayerAnswer(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Response for one layer, with the field names of the protocol.

    ``code`` other than 0 is a failure, which ``errorMsg`` explains. Ids of 0 mean that the
    visitor is in no experiment.
    """

    code: int = 0
    error_msg: str = ""
    experiment_id: int = 0
    strategy_id: int = 0
    layer_name: str = ""
    experiment_name: str = ""
    strategy_name: str = ""
    variables: dict[str, Any] = {}


_NO_EXPERIMENT: Final = LayerAnswer()


def as_answer(answer: Mapping[str, Any]) -> LayerAnswer:
    """Return an answer from its fields on the wire; omitted ones are empty.

    :raises GrowingParamException: if a name is unknown or a value has a wrong type.
    """
    try:
        return msgspec.convert(dict(answer), LayerAnswer)
    except msgspec.ValidationError as error:
        names = ", ".join(LayerAnswer.__struct_encode_fields__)
        raise invalid(
            f"experiment: {error}. Give any of {names}.",
            f"experiment：{error}。可用的字段：{names}。",
        ) from error


class Experiments:
    """Responses for each layer; any thread may change them.

    :param tell: called after each change, for the pages that show it.
    """

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        self._tell = tell
        self._by_layer: dict[str, LayerAnswer] = {}
        self._lock = threading.Lock()  # guards the mapping

    def set(self, layer_id: str, answer: Mapping[str, Any]) -> None:
        """Set the answer for clients that ask for the experiment of a layer.

        :param answer: by the names of the wire, for example ``{"experimentId": 1, "strategyId": 2,
            "variables": {"color": "red"}}``; what is left out has no value. A ``code`` other than
            0 is a failure. ``{}`` says that there is no experiment, as for layers never set.
        :raises GrowingParamException: if a name is unknown, or a value has a wrong type.
        """
        self.answer(layer_id, as_answer(answer))

    def answer(self, layer_id: str, answer: LayerAnswer) -> None:
        """Set an answer that has already been checked."""
        with self._lock:
            self._by_layer[layer_id] = answer
        self._tell()

    def remove(self, layer_id: str) -> bool:
        """Forget a layer; return whether it was known."""
        with self._lock:
            removed = self._by_layer.pop(layer_id, None) is not None
        if removed:
            self._tell()
        return removed

    def all(self) -> dict[str, LayerAnswer]:
        """Return every answer by its layer."""
        with self._lock:
            return dict(self._by_layer)

    def about(self, form: Mapping[str, list[str]]) -> LayerAnswer:
        """Return the answer to a client that sent this form."""
        missing = [name for name in _ASKED if not form.get(name)]
        if missing:
            return LayerAnswer(code=_WRONG_FORM, error_msg=f"missing: {', '.join(missing)}")
        return self.all().get(form["layerId"][-1], _NO_EXPERIMENT)


def routes(experiments: Experiments) -> list[BaseRoute]:
    """Return the route for clients. Pages of any origin may use it, as with events."""

    async def ask(request: Request) -> Response:
        headers = cors_headers(request.headers)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers | preflight_headers(request.headers))
        form = parse_qs((await _read(request)).decode("utf-8", "replace"))
        answer = msgspec.json.encode(experiments.about(form))
        return Response(answer, headers=headers, media_type="application/json")

    return [Route(PATH, ask, methods=["POST", "OPTIONS"])]


async def _read(request: Request) -> bytes:
    """Return the body; empty if it is too large or incomplete."""
    content = b""
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > _MAX_FORM_BYTES:
                return b""
    except ClientDisconnect:
        return b""
    return content
