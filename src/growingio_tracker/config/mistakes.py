"""Mistakes in a configuration, in both languages, each with its location."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from growingio_tracker.config.keys import IDENTITY, PREFIX
from growingio_wire.errors import GrowingParamException
from growingio_wire.said import Said

ENVIRONMENT: Final = Said("in the environment", "设置环境变量")
OR_ENVIRONMENT: Final = Said("in {place} or in the environment", "写入 {place} 或设置环境变量")
_UNUSABLE: Final = Said("{what} cannot be used:", "{what}无法使用：")


class Mistake(NamedTuple):
    """One mistake in a configuration.

    :param said: a sentence that includes the location.
    :param key: the key concerned; empty if there is none.
    :param line: as for settings.
    :param code: the error's code, for example ``"wrong_type"``.
    """

    said: Said
    key: str = ""
    line: int = 0
    code: str = ""

    def __str__(self) -> str:
        return self.said.en


def told(error: GrowingParamException, origin: str) -> Said:
    """Return an error about a setting as a mistake with its location."""
    name, values = error.argument, error.values
    must_be, because = values.get("must_be"), values.get("because")
    if isinstance(must_be, Said):
        said = f"{name} 必须是{must_be.zh}，而不是 {values['got']}"
    else:
        said = f"{name} 无法使用：{because.zh if isinstance(because, Said) else error}"
    return Said(f"{origin}: {error}", f"{origin}：{said}")


def missing(
    settings: Container[str], where: Said, blamed: set[str], unknown: Mapping[str, str]
) -> Iterator[Mistake]:
    """Yield required settings that are missing, with variables that look like them.

    :param where: where to set them.
    :param blamed: keys that other mistakes concern.
    :param unknown: see :class:`~growingio_tracker.config.settings.SourceSettings`.
    """
    for name in IDENTITY:
        if name not in settings and name not in blamed:
            alike = [variable for variable, key in unknown.items() if key == name]
            variable, not_ours = variable_of(name), (f"; {one} is not a setting" for one in alike)
            said = Said(
                f"{name} is missing: set it {where.en} ({variable}){''.join(not_ours)}",
                f"缺少 {name}：请{where.zh}（{variable}）"
                + "".join(f"；{one} 不是配置项" for one in alike),
            )
            yield Mistake(said, name, code="missing")


def unusable(what: Said, mistakes: Iterable[Mistake | str]) -> GrowingParamException:
    """Return one error that lists all mistakes of ``what``, one per line, in both languages."""
    said = [one.said if isinstance(one, Mistake) else Said(one, one) for one in mistakes]
    lines = [
        _UNUSABLE.with_values(what=what),
        *(Said(f"- {one.en}", f"- {one.zh}") for one in said),
    ]
    text = Said("\n".join(one.en for one in lines), "\n".join(one.zh for one in lines))
    return GrowingParamException(text.en, code="configuration", values={"said": text})


def variable_of(key: str) -> str:
    """Return the variable that sets a key."""
    return PREFIX + key.upper()


def ignored(variable: str, near: str) -> Said:
    """Return the warning about a variable that is not a setting.

    :param near: the most similar key; empty if none is similar.
    """
    said = Said(f"{variable} is not a setting and is ignored", f"{variable} 不是配置项，已忽略")
    if not near:
        return said
    meant = variable_of(near)
    return Said(f"{said.en}; did you mean {meant}?", f"{said.zh}；是否应为 {meant}？")
