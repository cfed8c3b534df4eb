"""One exchange: a request in, a response out. No retries, no knowledge of messages."""
