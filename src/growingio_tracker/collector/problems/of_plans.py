"""What differs from the tracking plan."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.text import BAD, WARN, Text

OF_PLANS: Final[Mapping[str, Text]] = {
    "not_planned": Text(
        WARN,
        "{name} is not in the tracking plan.",
        "{name} 不在埋点方案中。",
        "Add it to the plan, or stop sending it.",
        "请把它加入埋点方案，或不再发送。",
    ),
    "not_planned_but_near": Text(
        WARN,
        "{name} is not in the tracking plan. Did you mean {nearest}?",
        "{name} 不在埋点方案中。您要发送的是 {nearest} 吗？",
        "Correct the name, or add it to the plan.",
        "请改正名称，或把它加入埋点方案。",
    ),
    "deprecated": Text(
        WARN,
        "{name} is deprecated in the tracking plan.",
        "{name} 在埋点方案中已标记为废弃。",
        "Stop sending it.",
        "请不要再发送。",
    ),
    "deprecated_with_hint": Text(
        WARN,
        "{name} is deprecated in the tracking plan, which says: {hint}.",
        "{name} 在埋点方案中已标记为废弃，说明是：{hint}。",
        "Do what the plan says, or stop sending it.",
        "请按埋点方案的说明修改，或不再发送。",
    ),
    "missing_property": Text(
        BAD,
        "{path} is missing; the tracking plan requires it for {name}.",
        "缺少 {path}；埋点方案要求 {name} 必须带有该属性。",
        "Send the attribute with every such event, or make it optional in the plan.",
        "每次都发送该属性，或在埋点方案中将其改为选填。",
    ),
    "property_wrong_type": Text(
        BAD,
        "{path} is {shown}, but the tracking plan says {wanted}.",
        "{path} 的值是 {shown}，但埋点方案中的类型是 {wanted}。",
        "Send a value of the type {wanted}, or correct the plan.",
        "请发送类型为 {wanted} 的值，或修改埋点方案。",
    ),
    "property_not_in_enum": Text(
        BAD,
        "{path} is {shown}, which is none of the values in the tracking plan.",
        "{path} 的值是 {shown}，不在埋点方案的可选值之内。",
        "Send one of {allowed}, or add the value to the plan.",
        "请发送以下值之一：{allowed}；或把该值加入埋点方案。",
    ),
    "property_not_in_pattern": Text(
        BAD,
        "{path} is {shown}, which does not match the tracking plan's pattern {pattern}.",
        "{path} 的值是 {shown}，与埋点方案中的正则 {pattern} 不匹配。",
        "Send a value that matches, or correct the plan.",
        "请发送匹配的值，或修改埋点方案。",
    ),
    "property_not_planned": Text(
        WARN,
        "{path} is not among the attributes that the tracking plan has for {name}.",
        "{path} 不在埋点方案为 {name} 规划的属性中。",
        "Correct the attribute's name, or add it to the plan. Planned are: {planned}.",
        "请改正属性名，或把它加入埋点方案。已规划的属性：{planned}。",
    ),
    "property_refused": Text(
        BAD,
        "{path} is not planned, and the tracking plan refuses additional attributes for {name}.",
        "{path} 未经规划，而埋点方案不允许 {name} 带有其他属性。",
        "Correct the attribute's name, or add it to the plan. Planned are: {planned}.",
        "请改正属性名，或把它加入埋点方案。已规划的属性：{planned}。",
    ),
}
