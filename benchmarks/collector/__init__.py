"""How fast the local collector receives, and what it holds while it does."""
