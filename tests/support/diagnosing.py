"""Running doctor's checks on a server, and looking at what they find."""

from __future__ import annotations

import ssl

import trustme

from growingio_cli.doctor.configuration import read
from growingio_cli.doctor.examination import examine
from growingio_cli.doctor.findings import Finding


def diagnose(
    url: str, *, send: bool = False, timeout_s: float = 5.0, **variables: str
) -> list[Finding]:
    environ = {"PRODUCT_ID": "p-of-a-customer", "DATA_SOURCE_ID": "d-1", "SERVER_HOST": url}
    environ |= {name.upper(): value for name, value in variables.items()}
    named = {f"GROWINGIO_{name}": value for name, value in environ.items()}
    return list(examine(read(None, named), timeout_s=timeout_s, send=send))


def status_of(findings: list[Finding]) -> dict[str, str]:
    return {one.name: one.status for one in findings}


def only_problem(findings: list[Finding]) -> Finding:
    """Return the one problem; it must say, in both languages, what it is and what to do."""
    [problem] = [one for one in findings if one.status == "bad"]
    assert all([*problem.said, *problem.fix])
    return problem


def with_certificate(issued: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context
