"""YAML plans.

Only the structure is taken from YAML. Every value stays the text that is written there, so that
an event may be called ``on`` or ``123`` and an enum hold ``007``.
"""

import re
from collections.abc import Iterator
from typing import Final

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode
from yaml.nodes import Node as YamlNode

from growingio_wire.plan.source import Defect, Node, PlanTree
from growingio_wire.said import Said

MAX_NODES: Final = 100_000
"""Values in one plan, counted after aliases (``*name``) are filled in, which can multiply them."""

_NULL: Final = "tag:yaml.org,2002:null"
_HALVES: Final = re.compile("[\ud800-\udfff]")
"""Characters that an escape such as ``"\\ud800"`` can produce, but no encoding can hold."""


_VALUES: Final = Said("values", "个值")


class _TooManyNodesError(Exception):
    pass


def parse_yaml(text: str) -> PlanTree:
    """Return the tree of ``text``; what is not YAML is a defect."""
    reading = _YamlReading()
    try:
        composed = yaml.compose(text, Loader=yaml.SafeLoader)
        return PlanTree(reading.node(composed, ""), reading.defects)
    except yaml.YAMLError as error:
        return _failed(Defect("not_yaml", _line_of(error), "", {"detail": _detail(error)}))
    except RecursionError:
        return _failed(Defect("too_deep", 0))
    except _TooManyNodesError:
        return _failed(Defect("too_large", 0, "", {"most": MAX_NODES, "what": _VALUES}))


def _failed(defect: Defect) -> PlanTree:
    return PlanTree(Node({}, 0), [defect])


def _line_of(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 0


def _detail(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return str(problem or error)


class _YamlReading:
    """Turns composed nodes into ours, counting them and noting what stands twice."""

    def __init__(self) -> None:
        self.defects: list[Defect] = []
        self._count = 0

    def node(self, composed: YamlNode | None, field: str) -> Node:
        """Return ``composed``, which is at ``field``."""
        self._count += 1
        if self._count > MAX_NODES:
            raise _TooManyNodesError
        if composed is None:
            return Node(None, 1)
        line = composed.start_mark.line + 1
        if isinstance(composed, MappingNode):
            return Node(self._mapping(composed, field), line)
        if isinstance(composed, SequenceNode):
            return Node([self.node(child, field) for child in composed.value], line)
        return Node(self._text(composed, line, field), line)

    def _mapping(self, composed: MappingNode, field: str) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name, line, value in self._pairs(composed, field):
            if name in found:
                self.defects.append(Defect("twice", line, field, {"name": name}))
                continue
            found[name] = self.node(value, f"{field}.{name}" if field else name)
        return found

    def _pairs(self, composed: MappingNode, field: str) -> Iterator[tuple[str, int, YamlNode]]:
        for key, value in composed.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self.defects.append(Defect("not_a_text", line, field))
            elif _HALVES.search(key.value):
                self.defects.append(Defect("half_character", line, field))
            else:
                yield key.value, line, value

    def _text(self, composed: YamlNode, line: int, field: str) -> str | None:
        text = str(composed.value)
        if _HALVES.search(text):
            self.defects.append(Defect("half_character", line, field))
        return None if composed.tag == _NULL else text
