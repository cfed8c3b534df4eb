"""The spool: the queue contract on disk, in a directory that processes share."""
