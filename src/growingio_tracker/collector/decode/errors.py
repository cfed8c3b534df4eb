"""The one error of decoding."""

from growingio_tracker.collector.problems.problem import Problem


class DecodeError(Exception):
    """Bytes that cannot be read.

    :param code: an entry of the catalogue.
    :param offset: where in the input of the step, in bytes (characters for text); None, the
        default, when that is not known.
    :param values: what its sentences speak of.
    """

    def __init__(self, code: str, *, offset: int | None = None, **values: str | int) -> None:
        self.problem = Problem(code, values=values)
        self.offset = offset
        super().__init__(self.problem.sentence)
