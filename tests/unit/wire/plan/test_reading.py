"""Reading plans, and saying what is wrong with them."""

import re
from pathlib import Path

import pytest

from growingio_tracker.exceptions import GrowingParamException
from growingio_wire.plan import Plan, Planned, Property
from growingio_wire.plan.reading import CSV, MAX_PLAN_BYTES, YAML, load_plan, read_plan
from growingio_wire.plan.source import DEFECTS, Defect, PlanError

PLAN = Plan(
    events={
        "order_paid": Planned(
            description="Paid",
            deprecated="use pay",
            additional="refuse",
            aliases=("paid", "orderPay"),
            attributes={
                "amount": Property("number", "In yuan", required=True),
                "channel": Property("string", enum=("web", "app")),
                "code": Property(pattern="[A-Z]+", deprecated=True),
            },
        ),
        "on": Planned(),
    },
    items={"goods": Planned(attributes={"price": Property("number", min=0)})},
    users={"LOGIN_USER": Planned(attributes={"age": Property("integer", max=150)})},
    user_keys=("phone", "email"),
)

AS_YAML = """
events:
  order_paid:
    description: Paid
    deprecated: use pay
    additional: refuse
    aliases: [paid, orderPay]
    attributes:
      amount: {type: number, description: In yuan, required: true}
      channel:
        type: string
        enum: [web, app]
      code: {pattern: "[A-Z]+", deprecated: yes}
  on:
items:
  goods:
    attributes:
      price: {type: number, min: 0}
users:
  keys: [phone, email]
  attributes:
    age: {type: integer, max: 150}
"""

AS_CSV = """\
kind,event,description,deprecated,additional,aliases,attribute,type,required,enum,pattern,\
attribute description,attribute deprecated,min,max,keys
,order_paid,Paid,use pay,refuse,paid|orderPay,amount,number,yes,,,In yuan,
,,,,,,channel,string,,web | app,,,
,,,,,,code,,,,[A-Z]+,,yes
,,,,,,,,,,,,
event,on
item,goods,,,,,price,number,,,,,,0
user,,,,,,age,integer,,,,,,,150,phone|email
"""

CHINESE = """\
种类,事件名,事件描述,废弃,其他属性,别名,属性名,属性类型,必填,可选值,正则,属性描述,属性废弃
事件,支付,已支付,,,,金额,数值,是,,,单位：元,
,,,,,,渠道,字符串,否,网页|应用,,,
物品,商品,,,,,价格,整数,,,,,
"""

BAD_YAML = [
    ("[a", "not_yaml", 1, ""),
    ("[" * 100_000, "too_deep", 0, ""),
    ("events: [" + "x, " * 100_001 + "]", "too_large", 0, ""),
    ("- a", "not_a_mapping", 1, ""),
    ("", "nothing_planned", 0, ""),
    ("version: 2\nevents:", "unknown_version", 1, "version"),
    ("events:\n  pay:\n    atributes: {}", "unknown_field_near", 3, "events.pay"),
    ("events:\n  pay:\n    zzz: {}", "unknown_field", 3, "events.pay"),
    ("events:\n  pay:\n  pay:", "twice", 3, "events"),
    ("events:\n  pay: [a]", "not_a_mapping", 2, "events.pay"),
    ("events:\n  ? [a]\n  : {}", "not_a_text", 2, "events"),
    ("events:\n  '': {}", "no_name", 2, "events"),
    ('events:\n  "\\ud800": {}', "half_character", 2, "events"),
    (
        'events:\n  pay:\n    description: "\\ud800"',
        "half_character",
        3,
        "events.pay.description",
    ),
    ("events:\n  pay: {description: [a]}", "not_a_text", 2, "events.pay.description"),
    ("events:\n  pay: {additional: sometimes}", "not_one_of", 2, "events.pay.additional"),
    ("additional: sometimes\nevents:", "not_one_of", 1, "additional"),
    ("events:\n  pay: {aliases: [a, {}]}", "not_a_text", 2, "events.pay.aliases"),
    ("events:\n  pay: {aliases: go}\n  go:", "not_a_list", 2, "events.pay.aliases"),
    ("events:\n  pay: {aliases: [go]}\n  go:", "alias_is_planned", 2, "events.pay.aliases"),
    (
        "events:\n  pay:\n    attributes:\n      a: money",
        "not_one_of",
        4,
        "events.pay.attributes.a.type",
    ),
    (
        "events:\n  pay:\n    attributes:\n      a: {required: perhaps}",
        "not_one_of",
        4,
        "events.pay.attributes.a.required",
    ),
    (
        "events:\n  pay:\n    attributes:\n      a: {pattern: '('}",
        "wrong_pattern",
        4,
        "events.pay.attributes.a.pattern",
    ),
    ("users: {attributes: {a: {min: low}}}", "not_a_number", 1, "users.attributes.a.min"),
    ("users: {attributes: {a: {max: inf}}}", "not_a_number", 1, "users.attributes.a.max"),
    ("users: {aliases: [a]}", "unknown_field", 1, "users"),
    (
        "events:\n  pay:\n    attributes:\n      a: {enum: []}",
        "empty_enum",
        4,
        "events.pay.attributes.a.enum",
    ),
    (
        "events:\n  pay:\n    attributes:\n      a:\n        type: integer\n        enum: [1, x]",
        "enum_not_of_type",
        6,
        "events.pay.attributes.a.enum",
    ),
]

BAD_CSV = [
    ("attribute,type\na,number", "no_column", 1, ""),
    ("event,attribut\npay,a", "unknown_field_near", 1, ""),
    ("event,name\npay,a", "twice", 1, ""),
    ("event,attribute\n,a", "no_event", 2, ""),
    ("event,attribute\npay,a,b", "too_many_cells", 2, ""),
    ("event,attribute\npay,a\n,a", "twice", 3, "events.pay"),
    ("event,kind\npay,page", "not_one_of", 2, "kind"),
    ("event,attribute,type\npay,a,money", "not_one_of", 2, "events.pay.attributes.a.type"),
    ("event\n" + "x" * 200_000, "not_csv", 0, ""),
    ("event,attribute\n", "nothing_planned", 0, ""),
]

BAD_BYTES = [
    (b"\xff\xff\xff\xff", "not_text"),
    (b"#" * (MAX_PLAN_BYTES + 1), "too_large"),
]


def _defects(content: bytes, format_: str | None = None) -> tuple[Defect, ...]:
    with pytest.raises(PlanError) as raised:
        read_plan(content, "the plan", format_)
    return raised.value.defects


@pytest.mark.parametrize("text", [AS_YAML, AS_CSV, AS_CSV.replace(",", "\t")])
def test_formats(text: str) -> None:
    """YAML and CSV, recognised by their content, are the same plan."""
    assert read_plan(text.encode(), "x").plan == PLAN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_spreadsheet(encoding: str) -> None:
    """Chinese headers and words work in every encoding that Excel saves; only GBK gets a note."""
    loaded = read_plan(CHINESE.encode(encoding), "x")
    assert loaded.plan.events == {
        "支付": Planned(
            "已支付",
            attributes={
                "金额": Property("number", "单位：元", required=True),
                "渠道": Property("string", enum=("网页", "应用")),
            },
        )
    }
    assert loaded.plan.items == {"商品": Planned(attributes={"价格": Property("integer")})}
    assert [note.code for note in loaded.notes] == ["read_as_gbk"] * (encoding == "gb18030")


def test_texts_stay_as_written() -> None:
    """Names and enum values that YAML would turn into something else stay what is written."""
    plan = read_plan(b"events:\n  on: {attributes: {a: {enum: [007, yes, 1.0]}}}\n  1:", "x").plan
    assert plan.events
    assert list(plan.events) == ["on", "1"]
    assert plan.events["on"].attributes["a"].enum == ("007", "yes", "1.0")


def test_default_for_additional() -> None:
    """A plan's own additional holds for every event that does not say otherwise."""
    text = b"additional: refuse\nevents: {a: , b: {additional: allow}}"
    events = read_plan(text, "x").plan.events
    assert events
    assert [one.additional for one in events.values()] == ["refuse", "allow"]


@pytest.mark.parametrize(("text", "code", "line", "field"), BAD_YAML)
def test_yaml_defect(text: str, code: str, line: int, field: str) -> None:
    """A defect in YAML is named with its line and its field, and is the only one."""
    assert [(one.code, one.line, one.field) for one in _defects(text.encode(), YAML)] == [
        (code, line, field)
    ]


@pytest.mark.parametrize(("text", "code", "line", "field"), BAD_CSV)
def test_csv_defect(text: str, code: str, line: int, field: str) -> None:
    """A defect in CSV is named with its row and its field."""
    assert (code, line, field) in [
        (one.code, one.line, one.field) for one in _defects(text.encode(), CSV)
    ]


@pytest.mark.parametrize(("content", "code"), BAD_BYTES)
def test_content_defect(content: bytes, code: str) -> None:
    """What is no text, or too much of it, is refused."""
    assert [one.code for one in _defects(content)] == [code]


def test_every_defect_is_tried() -> None:
    """The tables above hold one plan with each defect there is."""
    tried = {code for _, code, _, _ in [*BAD_YAML, *BAD_CSV]} | {code for _, code in BAD_BYTES}
    assert tried | {"read_as_gbk", "column_ignored", "not_xlsx"} == DEFECTS.keys()


@pytest.mark.parametrize("code", DEFECTS)
def test_defect_in_two_languages(code: str) -> None:
    """A defect says the same in both languages, as whole sentences."""
    en, zh = DEFECTS[code]
    assert set(re.findall(r"{(\w+)", zh)) == set(re.findall(r"{(\w+)", en))
    assert en.endswith((".", "?"))
    assert zh.endswith(("。", "？"))


def test_all_defects_at_once() -> None:
    """One bad field hides no other; the message has a line for each, in the file's order."""
    text = "events:\n  a: {attributes: {x: money}}\n  b: {typo: 1}\n  c: {additional: no}"
    with pytest.raises(PlanError) as raised:
        read_plan(text.encode(), "plan.yaml")
    assert [defect.line for defect in raised.value.defects] == [2, 3, 4]
    assert str(raised.value).splitlines()[:2] == [
        "plan: plan.yaml cannot be used:",
        "  line 2, events.a.attributes.x.type: money is not one of: string, number, integer, "
        "boolean, list, date. Use one of these.",
    ]


def test_one_bad_row() -> None:
    """A bad row of a spreadsheet does not hide another bad row."""
    text = "event,attribute,type\npay,a,money\npay,b,number,more\npay,c,cash"
    assert [one.line for one in _defects(text.encode())] == [2, 3, 4]


def test_aliases_cannot_explode() -> None:
    """YAML aliases that multiply into millions of values are refused quickly."""
    attributes = ", ".join(f"k{number}: number" for number in range(1000))
    text = f"events:\n  a: &a {{attributes: {{{attributes}}}}}\n"
    text += "".join(f"  e{number}: *a\n" for number in range(1000))
    assert [one.code for one in _defects(text.encode())] == ["too_large"]


def test_files(tmp_path: Path) -> None:
    """A file is CSV if its name ends so, YAML otherwise; a missing one is named."""
    (tmp_path / "a.CSV").write_text(AS_CSV, encoding="utf-8")
    (tmp_path / "a.yml").write_text(AS_YAML, encoding="utf-8")
    assert load_plan(tmp_path / "a.CSV").plan == load_plan(tmp_path / "a.yml").plan == PLAN
    with pytest.raises(GrowingParamException, match=r"plan: .*missing\.yaml cannot be read"):
        load_plan(tmp_path / "missing.yaml")


def test_extra_columns() -> None:
    """Columns of other tools are left out with a note; one that is misspelled is a mistake."""
    loaded = read_plan(b"event,owner,attribute\npay,Li,amount", "x", CSV)
    assert [(note.code, note.values["name"]) for note in loaded.notes] == [
        ("column_ignored", "owner")
    ]
    assert loaded.plan.events == {"pay": Planned(attributes={"amount": Property()})}


def test_list_of_the_platform() -> None:
    """Beside an identifier, the name for people is the description."""
    text = (
        "事件名称,标识符,属性名称,属性标识符,属性类型,创建人\n"
        "支付成功,order_paid,金额,amount,double,李\n"
        ",,件数,count,int,李\n"
    )
    assert read_plan(text.encode(), "x", CSV).plan.events == {
        "order_paid": Planned(
            "支付成功",
            attributes={
                "amount": Property("number", "金额"),
                "count": Property("integer", "件数"),
            },
        )
    }


def test_workbook(tmp_path: Path) -> None:
    """An XLSX workbook is read as the CSV of its first sheet."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    rows = [line.split(",") for line in AS_CSV.splitlines()]
    for row in [*rows[:1], *rows[1:]]:
        book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    book.create_sheet().append(["other"])
    path = tmp_path / "plan.xlsx"
    book.save(path)
    loaded = load_plan(path)
    assert loaded.plan == PLAN
    assert read_plan(loaded.text.encode(), "x", loaded.format).plan == PLAN


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + bytes(100)])
def test_no_workbook(content: bytes) -> None:
    """What begins like a workbook and is none is refused with the reason."""
    pytest.importorskip("openpyxl")
    assert [defect.code for defect in _defects(content)] == ["not_xlsx"]
