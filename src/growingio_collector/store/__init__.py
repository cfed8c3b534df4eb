"""Store of received requests: one SQLite file with one writing thread and any number of readers."""
