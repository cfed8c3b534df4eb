"""In which language a command speaks."""

import os
from enum import Enum
from typing import Annotated

import typer


class Language(str, Enum):
    """The value of ``--lang``."""

    AUTO = "auto"
    CHINESE = "zh-CN"
    ENGLISH = "en"

    @property
    def is_chinese(self) -> bool:
        """Whether to speak Chinese; ``auto`` does when the terminal's own language is Chinese."""
        if self is Language.AUTO:
            return _of_the_terminal().startswith("zh")
        return self is Language.CHINESE


AnswerLangOption = Annotated[Language, typer.Option(help="The language of the answer.")]


def _of_the_terminal() -> str:
    """Return the first of the POSIX variables that is set: a value hides those after it."""
    variables = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((os.environ[name] for name in variables if os.environ.get(name)), "").lower()
