"""Catalogue of the rules: one file per subject, with each rule next to its check."""

from typing import Final

from growingio_collector.rules import (
    bodies,
    clients,
    compression,
    encryption,
    heads,
    history,
    identities,
    messages,
    names,
    plans,
    presets,
    repeats,
    requests,
    times,
    values,
)

SUBJECTS: Final = (
    *(requests, encryption, compression, bodies),
    *(heads, names, messages, identities, values, presets, times),
    *(history, repeats, clients, plans),
)
"""The files that define rules, each imported here so that every issue has its sentences."""
