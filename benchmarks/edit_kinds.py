"""Random edits of the example shop: kinds that break its plan, and kinds that do not."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from growingio_wire.plan import LOGIN_USER, Plan, Planned, Property
from growingio_wire.plan.reading import load_plan

SHOP: Final = Path(__file__).parents[1] / "examples" / "typed_shop"


class Edit(NamedTuple):
    """One edit: its kind, and the program that it made."""

    kind: str
    program: str


class _Call:
    """One call of a generated function in the program, and what is planned of it."""

    def __init__(self, node: ast.Call, name: str, planned: Planned) -> None:
        self.node = node
        self.name = name
        self.planned = planned

    @property
    def given(self) -> list[ast.keyword]:
        """The attributes that the call gives."""
        return [one for one in self.node.keywords if one.arg in self.planned.attributes]

    def wanted(self, keyword: ast.keyword) -> Property:
        return self.planned.attributes[str(keyword.arg)]


class Editor:
    """Makes edits of the shop's program."""

    def __init__(self, seed: int) -> None:
        self.plan: Plan = load_plan(SHOP / "plan.yaml").plan
        text = (SHOP / "checkout.py").read_text("utf-8").replace("from .events", "from events")
        self._tree = ast.parse(text)
        self._random = random.Random(seed)

    def breaking(self) -> Edit:
        return self._edited(BREAKING)

    def harmless(self) -> Edit:
        return self._edited(HARMLESS)

    def _edited(self, kinds: dict[str, Callable[[Editor, _Call], bool]]) -> Edit:
        while True:
            kind = self.pick(list(kinds))
            tree = copy.deepcopy(self._tree)
            call = self.pick(list(self._calls(tree)))
            if kinds[kind](self, call):
                return Edit(kind, ast.unparse(ast.fix_missing_locations(tree)) + "\n")

    def pick(self, choices: list[Any]) -> Any:
        return self._random.choice(choices)

    def misspelt(self, name: str) -> str:
        """Return the name with two letters exchanged, one lost or one too many."""
        at = self._random.randrange(1, len(name) - 1)
        changed = self.pick(
            [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name.replace("_", "")]
        )
        return str(changed) if changed != name else name + "s"

    def _calls(self, tree: ast.Module) -> Iterator[_Call]:
        plan = self.plan
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in (plan.events or {}):
                yield _Call(node, node.func.id, (plan.events or {})[node.func.id])
            elif isinstance(node.func, ast.Name) and node.func.id == "set_user":
                yield _Call(node, LOGIN_USER, (plan.users or {})[LOGIN_USER])
            elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "Items.goods":
                yield _Call(node, "goods", (plan.items or {})["goods"])


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _untyped(text: str) -> ast.expr:
    """Return an expression of which a type checker knows nothing, as of data that came in."""
    return _expression(f"__import__('json').loads({text!a})")


def _misspell_event(editor: Editor, call: _Call) -> bool:
    if isinstance(call.node.func, ast.Name):
        call.node.func.id = editor.misspelt(call.node.func.id)
    elif isinstance(call.node.func, ast.Attribute):
        call.node.func.attr = editor.misspelt(call.node.func.attr)
    return True


def _misspell_attribute(editor: Editor, call: _Call) -> bool:
    keyword = editor.pick(call.given)
    keyword.arg = editor.misspelt(keyword.arg)
    return True


_WRONG: Final[dict[str | None, list[str]]] = {
    "string": ["5", "True", "['a']"],
    "number": ["'much'", "[1]", "None.__class__"],
    "integer": ["1.5", "'two'"],
    "list": ["5", "True"],
    "date": ["'tomorrow'", "5"],
    "boolean": ["'perhaps'", "2"],
}


def _wrong_type(editor: Editor, call: _Call) -> bool:
    keyword = editor.pick(call.given)
    keyword.value = _expression(editor.pick(_WRONG[call.wanted(keyword).type]))
    return True


def _wrong_data(editor: Editor, call: _Call) -> bool:
    wrong = {"string": "5", "number": '"much"', "integer": '"two"', "date": '"tomorrow"'}
    keyword = editor.pick(call.given)
    text = wrong.get(str(call.wanted(keyword).type))
    if text is not None:
        keyword.value = _untyped(text)
    return text is not None


def _missing(editor: Editor, call: _Call) -> bool:
    required = [one for one in call.given if call.wanted(one).required]
    if required:
        call.node.keywords.remove(editor.pick(required))
    return bool(required)


def _none(editor: Editor, call: _Call) -> bool:
    required = [one for one in call.given if call.wanted(one).required]
    if required:
        editor.pick(required).value = editor.pick([_expression("None"), _untyped("null")])
    return bool(required)


def _not_in_enum(editor: Editor, call: _Call) -> bool:
    choices = [one for one in call.given if call.wanted(one).enum]
    if choices:
        value = editor.misspelt(editor.pick(list(call.wanted(choices[0]).enum)))
        editor.pick(choices).value = editor.pick([_expression(repr(value)), _untyped(f'"{value}"')])
    return bool(choices)


def _not_in_pattern(editor: Editor, call: _Call) -> bool:
    patterns = [one for one in call.given if call.wanted(one).pattern]
    if patterns:
        editor.pick(patterns).value = _expression(editor.pick(["'ts-1'", "'TS1'", "''", "'TS-1 '"]))
    return bool(patterns)


def _out_of_range(editor: Editor, call: _Call) -> bool:
    bounded = [one for one in call.given if call.wanted(one).min is not None]
    if bounded:
        editor.pick(bounded).value = _expression(editor.pick(["-1000", "-100"]))
    return bool(bounded)


def _unbound(editor: Editor, call: _Call) -> bool:
    everything = [*(editor.plan.events or {}).values(), *(editor.plan.users or {}).values()]
    others = {name for one in everything for name in one.attributes} - set(call.planned.attributes)
    call.node.keywords.append(ast.keyword(editor.pick(sorted(others)), _expression("'x'")))
    return True


def _wrong_user_key(editor: Editor, call: _Call) -> bool:
    if call.name == "goods":
        return False
    keys = ["mail", "phone_number", "wechat"]
    call.node.keywords = [one for one in call.node.keywords if one.arg != "login_user_key"]
    value = editor.pick([_expression(repr(editor.pick(keys))), _untyped('"mail"')])
    call.node.keywords.append(ast.keyword("login_user_key", value))
    if not any(one.arg == "login_user_id" for one in call.node.keywords):
        call.node.keywords.append(ast.keyword("login_user_id", _expression("'u'")))
    return True


def _past_the_module(editor: Editor, call: _Call) -> bool:
    """Call track_custom_event, with a mistake that nobody checks there."""
    if call.name in ("goods", LOGIN_USER):
        return False
    name = editor.pick([call.name, editor.misspelt(call.name)])
    if name == call.name:
        _misspell_attribute(editor, call)
    own = {"anonymous_id", "login_user_id", "login_user_key", "event_time"}
    attributes = [one for one in call.node.keywords if one.arg not in own]
    call.node.func = _expression("tracker.track_custom_event")
    call.node.args = [_expression(repr(name))]
    call.node.keywords = [one for one in call.node.keywords if one.arg in own]
    written = ast.Dict(
        [ast.Constant(one.arg) for one in attributes], [one.value for one in attributes]
    )
    call.node.keywords.append(ast.keyword("attributes", written))
    return True


BREAKING: Final[dict[str, Callable[[Editor, _Call], bool]]] = {
    "event misspelt": _misspell_event,
    "attribute misspelt": _misspell_attribute,
    "wrong type": _wrong_type,
    "wrong type in data": _wrong_data,
    "missing": _missing,
    "None": _none,
    "not in enum": _not_in_enum,
    "not in pattern": _not_in_pattern,
    "out of range": _out_of_range,
    "not bound": _unbound,
    "wrong user key": _wrong_user_key,
    "past the module": _past_the_module,
}


def _reorder(editor: Editor, call: _Call) -> bool:
    call.node.keywords.reverse()
    return True


def _leave_out(editor: Editor, call: _Call) -> bool:
    optional = [one for one in call.given if not call.wanted(one).required]
    if optional:
        call.node.keywords.remove(editor.pick(optional))
    return bool(optional)


_GOOD: Final[dict[str | None, list[str]]] = {
    "string": ["'Chair'", "'茶具'", "str(1)"],
    "number": ["1", "0", "99.5", "2 * 3"],
    "integer": ["1", "9", "int('3')"],
    "list": ["['a']", "('a', 'b')", "[1, 2]"],
    "date": ["date(2027, 1, 1)", "date.today()"],
    "boolean": ["True", "bool(1)"],
}


def _good_value(wanted: Property, editor: Editor) -> ast.expr:
    if wanted.enum:
        return _expression(repr(editor.pick(list(wanted.enum))))
    if wanted.pattern:
        return _expression("'TS-12'" if wanted.pattern.startswith("[A-Z]{2}-") else "'ABCD1234'")
    return _expression(editor.pick(_GOOD[wanted.type]))


def _other_value(editor: Editor, call: _Call) -> bool:
    keyword = editor.pick(call.given)
    keyword.value = _good_value(call.wanted(keyword), editor)
    return True


def _one_more(editor: Editor, call: _Call) -> bool:
    given = {one.arg for one in call.given}
    more = [name for name in call.planned.attributes if name not in given]
    if more:
        name = editor.pick(more)
        value = _good_value(call.planned.attributes[name], editor)
        call.node.keywords.append(ast.keyword(name, value))
    return bool(more)


def _user_or_time(editor: Editor, call: _Call) -> bool:
    if call.name == "goods" or any(one.arg == "login_user_id" for one in call.node.keywords):
        return False
    more = {"login_user_id": "'u'", "login_user_key": "'email'", "event_time": "1700000000000"}
    for name in editor.pick([["login_user_id", "login_user_key"], ["event_time"]]):
        call.node.keywords.append(ast.keyword(name, _expression(more[name])))
    return True


def _in_data(editor: Editor, call: _Call) -> bool:
    good = {"number": "12.5", "integer": "3", "boolean": "true"}
    keyword = editor.pick(call.given)
    text = good.get(str(call.wanted(keyword).type))
    if text is not None:
        keyword.value = _untyped(text)
    return text is not None


HARMLESS: Final[dict[str, Callable[[Editor, _Call], bool]]] = {
    "another order": _reorder,
    "optional left out": _leave_out,
    "another value": _other_value,
    "one more": _one_more,
    "user or time": _user_or_time,
    "value from data": _in_data,
}
