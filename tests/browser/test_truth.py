"""Values on the page: shown and copied as they were written, with nothing unseen."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from growingio_collector import Collector
from posted import Send

NUMBERS = ["9007199254740993", "1.0", "1e2", "12345678901234567890", "-0", "1.50", "1E+2", "0.1e-7"]
NOW = int(time.time() * 1000)
BODY = (
    '[{{"eventType":"CUSTOM","eventName":"odd","dataSourceId":"d1","userId":"u1",'
    '"timestamp":{now},"attributes":{attributes}}}]'
)


def _body(attributes: str) -> str:
    return BODY.format(attributes=attributes, now=NOW)


def _open(page: Page, collector: Collector, send: Send, attributes: str) -> None:
    send(body=_body(attributes).encode())
    page.goto(collector.url)
    page.locator(".row").click()


@pytest.mark.parametrize("loaded", [True, False], ids=["listed", "streamed"])
def test_numbers(page: Page, collector: Collector, send: Send, loaded: bool) -> None:
    """A number has the digits that were written, in the list, in the fields and in a filter."""
    attributes = "{" + ",".join(f'"n{at}":{number}' for at, number in enumerate(NUMBERS)) + "}"
    page.goto(collector.url)
    expect(page.locator(".state")).to_have_attribute("data-state", "live")
    send(body=_body(attributes).encode())
    expect(page.locator(".row")).to_have_count(1)
    if loaded:
        page.reload()
    expect(page.locator(".row-attributes")).to_contain_text("n0=9007199254740993  n1=1.0  n2=1e2")
    page.locator(".row").click()
    for at, number in enumerate(NUMBERS):
        cell = page.locator(f"tr[data-path='attributes.n{at}'] .value span")
        expect(cell).to_have_text(number)
    row = page.locator("tr[data-path='attributes.n1']")
    row.hover()
    row.get_by_role("button").click()
    expect(page.locator(".chip.set .chip-value")).to_have_text("1.0")
    expect(page.locator(".row")).to_have_count(1)


def test_copies(context: BrowserContext, page: Page, collector: Collector, send: Send) -> None:
    """Copies are the message: the raw one to the character, the other in lines."""
    attributes = '{"b": 1.0,"2":"x","1":[1e2,  {}],"b":9007199254740993}'
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    _open(page, collector, send, attributes)
    page.get_by_role("button", name="Copy as JSON").click()
    expect(page.locator(".toast")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert '"b": 1.0,\n    "2": "x",\n    "1": [\n      1e2,\n      {}\n    ],\n' in copied
    assert json.loads(copied) == json.loads(_body(attributes))[0]
    page.get_by_role("tab", name="Raw").click()
    raw = _body(attributes)[1:-1]
    assert page.locator("pre.raw").text_content() == raw
    page.get_by_role("button", name="Copy", exact=True).click()
    page.wait_for_function("async (raw) => await navigator.clipboard.readText() === raw", arg=raw)


def test_unseen(page: Page, collector: Collector, send: Send) -> None:
    """White space and marks of direction have a sign, and the text itself is unchanged."""
    text = " a\tb  c\u00a0\u202ed\u200f"
    _open(page, collector, send, json.dumps({"ws": text}))
    value = page.locator("tr[data-path='attributes.ws'] .value > span")
    assert value.text_content() == text
    signs = value.locator(".unseen").evaluate_all("all => all.map((one) => one.dataset.sign)")
    assert signs == ["·", "→", "·", "·", "⍽", "RLO", "RLM"]


def test_context_is_folded(page: Page, collector: Collector, send: Send) -> None:
    """Attributes come first, and the rest is folded until somebody opens it, which is kept."""
    _open(page, collector, send, '{"a": 1}')
    expect(page.locator("tr[data-path='attributes.a']")).to_be_visible()
    expect(page.locator("tr[data-path='dataSourceId']")).to_be_hidden()
    page.get_by_text("Context: 5 fields").click()
    expect(page.locator("tr[data-path='dataSourceId']")).to_be_visible()
    page.reload()
    expect(page.locator("tr[data-path='dataSourceId']")).to_be_visible()


def test_list_has_the_width(page: Page, collector: Collector, send: Send) -> None:
    """Until something is chosen the list takes all the room."""
    send(body=_body("{}").encode())
    page.goto(collector.url)
    expect(page.locator(".row")).to_be_visible()
    wide = page.locator(".list").evaluate("one => one.clientWidth")
    page.locator(".row").click()
    expect(page.locator(".detail h2")).to_be_visible()
    assert wide > page.locator(".list").evaluate("one => one.clientWidth") + 300


def test_console_is_silent(context: BrowserContext, collector: Collector) -> None:
    """No page asks for anything that is not there, and neither does the browser."""
    refused: list[str] = []
    context.on("response", lambda one: refused.append(one.url) if one.status >= 400 else None)
    page = context.new_page()
    for name in ("live", "problems", "plan", "requests", "users", "items", "faults", "settings"):
        page.goto("about:blank")
        page.goto(f"{collector.url}/#/{name}")
        expect(page.locator(".state")).to_have_attribute("data-state", "live")
    page.goto(f"{collector.url}/favicon.ico")
    assert refused == []
    assert collector.requests() == []


ODD = [
    r'"a\/b A \ud83d\ude00 } ] \" \\"',
    r'{"":"","a.b":1,"__proto__":2,"constructor":3,"\n":[]}',
    r'[[],{},[[1.0,"||"],null,true,-0.0]]',
    '"' + "x" * 3000 + '"',
    r'"</script><b>&amp;"',
    '"\u202e\u0645\u0631\u062d\u0628\u0627\u0600 \u2028 \U0001f469\u200d\U0001f467 \ufeff"',
]


def test_odd_values(page: Page, collector: Collector, send: Send) -> None:
    """Whatever a value is, the raw message is what was sent, and every value can be shown."""
    attributes = "{" + ",".join(f'"k{at}": {value}' for at, value in enumerate(ODD)) + "}"
    _open(page, collector, send, attributes)
    for at in range(len(ODD)):
        expect(page.locator(f"tr[data-path='attributes.k{at}']")).to_have_count(1)
    expect(page.locator("tr[data-path='attributes.k1.__proto__'] .value")).to_have_text("2")
    plain = page.locator("tr[data-path='attributes.k5'] .value > span")
    assert plain.text_content() == json.loads(ODD[5])
    page.get_by_role("tab", name="Raw").click()
    assert page.locator("pre.raw").text_content() == _body(attributes)[1:-1]
