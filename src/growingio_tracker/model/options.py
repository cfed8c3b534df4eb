"""Base class of options, which checks every field.

Errors name the option, and their ``code`` is ``"wrong_type"`` or ``"out_of_range"``. The types are
in :mod:`growingio_tracker.model.option_types`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from growingio_tracker.model.arguments import OUT_OF_RANGE, WRONG_TYPE
from growingio_wire.errors import GrowingParamException, must_be
from growingio_wire.said import Said

_O = TypeVar("_O", bound="Options")
_K = TypeVar("_K", bound=Mapping[str, object])

_SHOWN: Final = 80


class OptionType(Struct, frozen=True):
    """Type of one option.

    :param words: description of valid values, for example ``"an int from 1 to 64"``.
    :param fits: returns whether a value has the right type.
    :param in_range: returns whether a value of that type is allowed; ``None`` allows all.
    :param from_text: parses a string, or raises ValueError; ``None`` if no string can represent it.
    :param examine: checks what the value refers to, for example a file, and raises
        GrowingParamException; called with the value and the option's name.
    :param is_secret: whether errors show only the value's type.
    :param is_optional: whether ``None`` is allowed.
    :param kind: the class of all values, if they are of one class.
    """

    words: Said
    fits: Callable[[object], bool]
    in_range: Callable[[Any], bool] | None = None
    from_text: Callable[[str], object] | None = None
    examine: Callable[[Any, str], object] | None = None
    is_secret: bool = False
    is_optional: bool = False
    kind: type | None = None

    def check(self, value: object, argument: str, of: str = "") -> None:
        """Check a value.

        :param argument: the caller's name for it.
        :param of: prefix of that name in the message, for example ``"QueueLimits: "``.
        :raises GrowingParamException: if it is invalid.
        """
        if value is None and self.is_optional:
            return
        if not self.fits(value):
            raise self._refusal(value, argument, of, WRONG_TYPE)
        if self.in_range is not None and not self.in_range(value):
            raise self._refusal(value, argument, of, OUT_OF_RANGE)
        if self.examine is not None:
            try:
                self.examine(value, of + argument)
            except GrowingParamException as error:
                error.argument, error.code = argument, error.code or "unusable"
                raise

    def parsed(self, text: str) -> object:
        """Parse a string; return the string itself if that fails, so that the check rejects it."""
        try:
            return text if self.from_text is None else self.from_text(text)
        except ValueError:
            return text

    def or_none(self) -> OptionType:
        """Return this type with ``None`` allowed. No string represents ``None``."""
        words = Said(f"{self.words.en}, or None", f"{self.words.zh}，或 None")
        return replace(self, words=words, is_optional=True)

    def _refusal(self, value: object, argument: str, of: str, code: str) -> GrowingParamException:
        shown = type(value).__name__ if self.is_secret else _shown(value, code)
        return must_be(self.words, shown, argument, code=code, of=of)


OptionTypes: TypeAlias = Mapping[str, OptionType]


def check_options(types: OptionTypes, values: Mapping[str, object]) -> None:
    """Check values by the types of their names.

    :raises GrowingParamException: for the first invalid one.
    """
    for name, value in values.items():
        types[name].check(value, name)


def spellings(options: type[Options]) -> dict[str, str]:
    """Return how to write each of ``options``, and each option of a value among them."""
    inner = {
        spelled: f"{field}={kind.__name__}({name}=…)"
        for field in options.__struct_fields__
        if (kind := options.types[field].kind) is not None and issubclass(kind, Options)
        for name in kind.__struct_fields__
        for spelled in (name, f"{field}_{name}")
    }
    return {**inner, **{name: name for name in options.__struct_fields__}}


def known(
    keywords: _K,
    options: type[Options],
    meant: Callable[[type[Options]], Mapping[str, str]] = spellings,
) -> _K:
    """Return keyword arguments if ``options`` has all of them.

    :param meant: returns how to write each option that a caller may mean.
    :raises TypeError: if it does not; the message tells how to write what was probably meant.
    """
    for name in keywords:
        if name not in options.__struct_fields__:
            from growingio_wire.near import hint  # noqa: PLC0415 - only mistakes need it

            spelled = meant(options)
            raise TypeError(f"unknown option {name}{hint(name, spelled, spelled.__getitem__)}")
    return keywords


class Options(Struct, frozen=True):
    """Base class of immutable options, which are checked on creation.

    Copying returns the same object. Options can be pickled if their values can.
    """

    types: ClassVar[OptionTypes] = {}
    """Types of the fields."""
    shown_as: ClassVar[str] = ""
    """Prefix of a field's name in messages."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            self.types[name].check(getattr(self, name), name, self.shown_as)

    def __copy__(self: _O) -> _O:
        return self

    def __deepcopy__(self: _O, memo: object) -> _O:
        return self

    def __reduce__(self) -> Any:
        """Pickle the options.

        :raises PicklingError: if a value cannot be pickled; the message names the option.
        """
        import pickle  # noqa: PLC0415 - loaded already when this is called

        for name in self.__struct_fields__:
            try:
                pickle.dumps(getattr(self, name))
            except Exception as error:  # any error of the value's own methods
                raise pickle.PicklingError(
                    f"{name} cannot be pickled; give something that can, such as a function of a "
                    f"module: {error}"
                ) from error
        return super().__reduce__()


def _shown(value: object, code: str) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    if value is None or isinstance(value, bool):
        return repr(value)
    name = type(value).__name__
    if isinstance(value, (int, float)):
        return repr(value) if code == OUT_OF_RANGE else f"{name} {value!r}"
    return name
