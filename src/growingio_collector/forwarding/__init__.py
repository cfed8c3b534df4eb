"""Gateway that forwards received requests, byte for byte, to another server."""
