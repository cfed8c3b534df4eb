"""The formats that rows are read from, one file each."""
