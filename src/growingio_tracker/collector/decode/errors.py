"""The one error of decoding."""

from growingio_tracker.collector.problems.problem import Problem


class DecodeError(Exception):
    """Bytes that cannot be read.

    :param code: an entry of the catalogue.
    :param values: what its sentences speak of.
    """

    def __init__(self, code: str, **values: str | int) -> None:
        self.problem = Problem(code, values=values)
        super().__init__(self.problem.sentence)
