"""Rules of tracking plans: differences between a message and the plan."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.issue import BAD, WARN, Issue, rule
from growingio_wire.json_text import read_attributes
from growingio_wire.near import Guesses
from growingio_wire.plan import (
    ALLOW,
    REFUSE,
    Deprecation,
    Lookup,
    Plan,
    Planned,
    Property,
    deprecation,
)
from growingio_wire.plan.fitting import Misfit, misfit, shown
from growingio_wire.said import Said
from growingio_wire.table import NOT_USER

NOT_PLANNED: Final = rule(
    "not_planned",
    WARN,
    Said("{name} is not in the tracking plan.", "{name} 不在埋点方案中。"),
    Said("Add it to the plan, or stop sending it.", "请把它加入埋点方案，或不再发送。"),
    headline=Said("Not in the tracking plan", "不在埋点方案中"),
)
NOT_PLANNED_BUT_NEAR: Final = rule(
    "not_planned_but_near",
    WARN,
    Said(
        "{name} is not in the tracking plan. Did you mean {nearest}?",
        "{name} 不在埋点方案中。您要发送的是 {nearest} 吗？",
    ),
    Said("Correct the name, or add it to the plan.", "请改正名称，或把它加入埋点方案。"),
    headline=Said("Not in the tracking plan, probably misspelled", "不在埋点方案中，可能拼写有误"),
)
DEPRECATED: Final = rule(
    "deprecated",
    WARN,
    Said("{name} is deprecated in the tracking plan.", "{name} 在埋点方案中已标记为废弃。"),
    Said("Stop sending it.", "请不要再发送。"),
    headline=Said("Deprecated in the tracking plan", "埋点方案中已标记为废弃"),
)
DEPRECATED_WITH_HINT: Final = rule(
    "deprecated_with_hint",
    WARN,
    Said(
        "{name} is deprecated in the tracking plan, which says: {hint}.",
        "{name} 在埋点方案中已标记为废弃，说明是：{hint}。",
    ),
    Said("Follow the plan's advice, or stop sending it.", "请按埋点方案的说明修改，或不再发送。"),
    headline=Said(
        "Deprecated in the tracking plan, with a hint", "埋点方案中已标记为废弃，并给出了说明"
    ),
)
MISSING_PROPERTY: Final = rule(
    "missing_property",
    BAD,
    Said(
        "{path} is missing; the tracking plan requires it for {name}.",
        "缺少 {path}；埋点方案要求 {name} 必须带有该属性。",
    ),
    Said(
        "Send the attribute with every such event, or make it optional in the plan.",
        "每次都发送该属性，或在埋点方案中将其改为选填。",
    ),
    headline=Said("A required attribute is missing", "缺少必填的属性"),
)
PROPERTY_WRONG_TYPE: Final = rule(
    "property_wrong_type",
    BAD,
    Said(
        "{path} is {shown}, but the tracking plan says {wanted}.",
        "{path} 的值是 {shown}，但埋点方案中的类型是 {wanted}。",
    ),
    Said(
        "Send a value of the type {wanted}, or correct the plan.",
        "请发送类型为 {wanted} 的值，或修改埋点方案。",
    ),
    headline=Said("An attribute does not have the planned type", "属性类型与埋点方案不符"),
)
PROPERTY_NOT_IN_ENUM: Final = rule(
    "property_not_in_enum",
    BAD,
    Said(
        "{path} is {shown}, which is not one of the values in the tracking plan.",
        "{path} 的值是 {shown}，不在埋点方案的可选值之内。",
    ),
    Said(
        "Send one of {allowed}, or add the value to the plan.",
        "请发送以下值之一：{allowed}；或把该值加入埋点方案。",
    ),
    headline=Said("A value that is not among those planned", "值不在埋点方案的可选值之内"),
)
PROPERTY_NOT_IN_PATTERN: Final = rule(
    "property_not_in_pattern",
    BAD,
    Said(
        "{path} is {shown}, which does not match the tracking plan's pattern {pattern}.",
        "{path} 的值是 {shown}，与埋点方案中的正则 {pattern} 不匹配。",
    ),
    Said("Send a value that matches, or correct the plan.", "请发送匹配的值，或修改埋点方案。"),
    headline=Said("A value that does not match the planned pattern", "值与埋点方案的正则不匹配"),
)
PROPERTY_OUT_OF_RANGE: Final = rule(
    "property_out_of_range",
    BAD,
    Said(
        "{path} is {shown}, but the tracking plan allows {range}.",
        "{path} 的值是 {shown}，但埋点方案允许的范围是 {range}。",
    ),
    Said(
        "Send a number within these bounds, or correct the plan.",
        "请发送该范围内的数字，或修改埋点方案。",
    ),
    headline=Said("A number that is out of the planned bounds", "数值超出埋点方案的范围"),
)
PROPERTY_NOT_BOUND: Final = rule(
    "property_not_bound",
    BAD,
    Said(
        "{path} is planned for {others}, but not for {name}.",
        "{path} 是为 {others} 规划的属性，没有与 {name} 绑定。",
    ),
    Said(
        "The platform drops it here. Bind the attribute to {name} on the platform and in the plan, "
        "or stop sending it.",
        "平台会忽略该属性。请在平台和埋点方案中把它与 {name} 绑定，或不再发送。",
    ),
    headline=Said("An attribute that is not bound to this event", "属性未与该事件绑定"),
)
USER_KEY_NOT_PLANNED: Final = rule(
    "user_key_not_planned",
    BAD,
    Said(
        "userKey is {shown}, which is not one of the kinds of user ids in the tracking plan.",
        "userKey 是 {shown}，不在埋点方案的用户标识类型之内。",
    ),
    Said(
        "Send one of {allowed}, or add the kind to the plan.",
        "请发送以下类型之一：{allowed}；或把该类型加入埋点方案。",
    ),
    headline=Said("A kind of user id that is not planned", "用户标识类型未经规划"),
)
PROPERTY_NOT_PLANNED: Final = rule(
    "property_not_planned",
    WARN,
    Said(
        "{path} is not among the attributes that the tracking plan has for {name}.",
        "{path} 不在埋点方案为 {name} 规划的属性中。",
    ),
    Said(
        "Correct the attribute's name, or add it to the plan. Planned are: {planned}.",
        "请改正属性名，或把它加入埋点方案。已规划的属性：{planned}。",
    ),
    headline=Said("An attribute that is not planned", "属性未经规划"),
)
PROPERTY_REFUSED: Final = rule(
    "property_refused",
    BAD,
    Said(
        "{path} is not planned, and the tracking plan refuses additional attributes for {name}.",
        "{path} 未经规划，而埋点方案不允许 {name} 带有其他属性。",
    ),
    Said(
        "Correct the attribute's name, or add it to the plan. Planned are: {planned}.",
        "请改正属性名，或把它加入埋点方案。已规划的属性：{planned}。",
    ),
    headline=Said("An attribute that the tracking plan refuses", "埋点方案不允许的属性"),
)

_LISTED: Final = 10
"""Maximum number of names or values listed in a sentence."""

_MOST_UNPLANNED: Final = 20
"""Maximum number of unplanned attributes reported per message, which may have thousands."""

_MOST_COMPARED: Final = 2000
"""Maximum number of names compared per request: under a tenth of a second."""


def judge(plan: Plan, checked: CheckedMessage, guesses: Guesses) -> tuple[Issue, ...]:
    """Return where a message differs from ``plan``; empty if the plan does not cover it."""
    found = plan.lookup(checked.kind, checked.type, checked.name)
    if found is None:
        return ()
    planned, user_key = found.known.get(found.name), _user_key(plan, checked)
    if planned is None:
        return (_not_planned(found.name, meant(found.known, found.name, guesses)), *user_key)
    issues = [*_deprecated("", found.name, planned.deprecated), *user_key]
    attributes = read_attributes(checked.text)
    if attributes is not None:
        issues += _of_planned(found.name, planned, attributes)
        issues += _of_others(plan, found, planned, attributes, guesses)
    return tuple(issues)


def judged(plan: Plan, messages: Iterable[CheckedMessage]) -> list[CheckedMessage]:
    """Return the messages of one request with the issues of ``plan`` added."""
    guesses = Guesses(_MOST_COMPARED)
    return [
        msgspec.structs.replace(one, issues=one.issues + judge(plan, one, guesses))
        for one in messages
    ]


def meant(everything: Mapping[str, Planned], name: str, guesses: Guesses) -> str | None:
    """Return the planned name that was probably meant; None if none is similar."""
    for good, planned in everything.items():
        if name in planned.aliases:
            return good
    return guesses.nearest(name, everything)


def _not_planned(name: str, near: str | None) -> Issue:
    if near is None:
        return NOT_PLANNED.issue(name=name)
    return NOT_PLANNED_BUT_NEAR.issue(name=name, nearest=near)


def _deprecated(path: str, name: str, value: Deprecation) -> Iterator[Issue]:
    hint = deprecation(value)
    if hint:
        yield DEPRECATED_WITH_HINT.issue(path, name=name, hint=hint)
    elif value:
        yield DEPRECATED.issue(path, name=name)


def _of_planned(name: str, planned: Planned, attributes: Mapping[str, object]) -> Iterator[Issue]:
    for key, wanted in planned.attributes.items():
        path, value = f"attributes.{key}", attributes.get(key)
        if value is not None:
            yield from _deprecated(path, path, wanted.deprecated)
            yield from _of_value(path, wanted, value)
        elif wanted.required:
            yield MISSING_PROPERTY.issue(path, name=name)


def _of_value(path: str, wanted: Property, value: object) -> Iterator[Issue]:
    found = misfit(wanted, value)
    if found is not None:
        yield _misfit_issue(path, wanted, found)


def _misfit_issue(path: str, wanted: Property, found: Misfit) -> Issue:
    part = shown(found.part)
    if found.code == "wrong_type":
        return PROPERTY_WRONG_TYPE.issue(path, shown=part, wanted=wanted.type or "")
    if found.code == "not_in_enum":
        return PROPERTY_NOT_IN_ENUM.issue(path, shown=part, allowed=list(wanted.enum[:_LISTED]))
    if found.code == "not_in_pattern":
        return PROPERTY_NOT_IN_PATTERN.issue(path, shown=part, pattern=wanted.pattern or "")
    return PROPERTY_OUT_OF_RANGE.issue(path, shown=part, range=wanted.range)


def _user_key(plan: Plan, checked: CheckedMessage) -> tuple[Issue, ...]:
    key = checked.user_key
    if not (plan.user_keys and key) or key == NOT_USER or key in plan.user_keys:
        return ()
    allowed = list(plan.user_keys[:_LISTED])
    return (USER_KEY_NOT_PLANNED.issue("userKey", shown=shown(key), allowed=allowed),)


def _of_others(
    plan: Plan,
    found: Lookup,
    planned: Planned,
    attributes: Mapping[str, object],
    guesses: Guesses,
) -> Iterator[Issue]:
    if planned.additional == ALLOW:
        return
    unplanned = PROPERTY_REFUSED if planned.additional == REFUSE else PROPERTY_NOT_PLANNED
    others = (key for key in attributes if key not in planned.attributes)
    for key in islice(others, _MOST_UNPLANNED):
        path, bound_to = f"attributes.{key}", plan.others_with(key, found.section, found.name)
        if bound_to and attributes[key] is not None:  # null carries nothing that could be dropped
            yield PROPERTY_NOT_BOUND.issue(path, name=found.name, others=bound_to[:_LISTED])
            continue
        known = tuple(planned.attributes)
        near = guesses.nearest(key, planned.attributes)
        listed = [near, *(one for one in known if one != near)] if near else list(known)
        yield unplanned.issue(path, name=found.name, planned=listed[:_LISTED])
