"""Code generation: a module with a typed function for every event and item of a tracking plan."""
