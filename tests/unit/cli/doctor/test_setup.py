"""Certificates as doctor reads them."""

from datetime import datetime, timezone

import pytest

from growingio_cli.doctor.setup import ServerCertificate


@pytest.mark.parametrize(
    ("name", "host", "fits"),
    [
        ("collect.example", "collect.example", True),
        ("Collect.Example", "collect.example.", True),
        ("*.example", "collect.example", True),
        ("*.example", "a.collect.example", False),
        ("*.example", "example", False),
        ("collect.example", "other.example", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("0:0:0:0:0:0:0:1", "::1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("*.0.0.1", "127.0.0.1", False),
    ],
)
def test_is_for(name: str, host: str, fits: bool) -> None:
    """A name fits itself in any case, a wildcard the hosts right below it, an address its value."""
    certificate = ServerCertificate("subject", "issuer", [name], datetime.now(timezone.utc))
    assert certificate.is_for(host) == fits
