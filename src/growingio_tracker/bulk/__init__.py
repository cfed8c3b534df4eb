"""Import of many rows, from files or from Python, with checks, checkpoints and outcomes."""

from growingio_tracker.bulk.files import import_files
from growingio_tracker.bulk.from_python import import_rows
from growingio_tracker.bulk.mapping import RowMapping, Source
from growingio_tracker.bulk.progress import FailedRow, FileSummary, Progress, Summary
from growingio_tracker.bulk.readers.choose import FileOptions

__all__ = [
    "FailedRow",
    "FileOptions",
    "FileSummary",
    "Progress",
    "RowMapping",
    "Source",
    "Summary",
    "import_files",
    "import_rows",
]
