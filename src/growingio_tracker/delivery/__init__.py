"""The engine: queue, worker, sender, and the strategies' ways to combine them."""
