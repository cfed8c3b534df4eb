"""REST API under ``/api/v1``: one module per group of calls, each described by its own types."""
