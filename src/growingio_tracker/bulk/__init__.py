"""Import of many rows, from files, databases or Python, with checks, checkpoints and outcomes."""

from growingio_tracker.bulk.arguments import FileOptions
from growingio_tracker.bulk.files import import_files
from growingio_tracker.bulk.mapping import RowMapping
from growingio_tracker.bulk.outcomes import FailedRow, FileSummary, Progress, Summary
from growingio_tracker.bulk.query import Query
from growingio_tracker.bulk.sending import import_rows
from growingio_tracker.bulk.typed import Source

__all__ = [
    "FailedRow",
    "FileOptions",
    "FileSummary",
    "Progress",
    "Query",
    "RowMapping",
    "Source",
    "Summary",
    "import_files",
    "import_rows",
]
