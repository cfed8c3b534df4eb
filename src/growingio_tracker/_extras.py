"""Optional packages: one sentence, the same everywhere, when one is missing."""

from growingio_tracker.exceptions import MissingExtraError


def missing_extra(feature: str, extra: str) -> MissingExtraError:
    """Return the error for ``feature``, which needs the optional dependency set ``extra``."""
    return MissingExtraError(
        f"{feature} needs an optional package that is not installed. "
        f'Install it with: pip install "growingio_tracker[{extra}]"'
    )
