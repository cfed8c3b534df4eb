"""Error tree, under its public import path."""

from growingio_wire.errors import (
    GrowingError,
    GrowingIOException,
    GrowingParamException,
    MissingExtraError,
    ProxyError,
    QueueFullError,
    RejectedError,
    SpoolError,
    TransportError,
)

__all__ = [
    "GrowingError",
    "GrowingIOException",
    "GrowingParamException",
    "MissingExtraError",
    "ProxyError",
    "QueueFullError",
    "RejectedError",
    "SpoolError",
    "TransportError",
]
