"""Delivery engine: queue, workers, sender, and how strategies combine them."""
