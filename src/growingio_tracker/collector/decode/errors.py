"""The one error of decoding."""

from growingio_tracker.collector.rows import Problem


class DecodeError(Exception):
    """Bytes that cannot be read.

    :param code: names the cause for programs.
    :param sentence: says what was found and where.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = Problem(code, sentence)
