"""Gateway: what was received goes on, byte for byte, to another server."""
