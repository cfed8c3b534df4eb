"""HTTP client: exchanges, verdicts on responses, retries, proxies and TLS."""
