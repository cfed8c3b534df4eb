"""Spool: the waiting room's storage on disk, in a directory shared by processes."""
