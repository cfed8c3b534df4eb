"""One entry of the catalogue."""

from typing import Final, NamedTuple

OK: Final = "ok"
WARN: Final = "warn"
BAD: Final = "bad"


class Text(NamedTuple):
    """What is said about one kind of problem.

    ``en`` and ``zh`` say what was found, ``fix`` and ``fix_zh`` what to do about it. A name in
    braces stands for one of the problem's values. ``level`` is ``"bad"`` or ``"warn"``.
    """

    level: str
    en: str
    zh: str
    fix: str
    fix_zh: str
