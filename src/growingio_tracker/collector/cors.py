"""CORS on the collect paths: any page may send, and may read that it succeeded."""

from starlette.datastructures import Headers


def cors_headers(headers: Headers) -> dict[str, str]:
    """Return what lets the page that sent ``headers`` read the answer."""
    origin = headers.get("origin")
    if origin is None:
        return {"Access-Control-Allow-Origin": "*"}
    # Beacons are sent with credentials, for which "*" is not enough.
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def preflight_headers(headers: Headers) -> dict[str, str]:
    """Return what allows the request that a preflight with ``headers`` asks about."""
    allowed = {
        "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
        "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
        "Access-Control-Max-Age": "600",
    }
    if headers.get("access-control-request-private-network") == "true":
        allowed["Access-Control-Allow-Private-Network"] = "true"
    return allowed
