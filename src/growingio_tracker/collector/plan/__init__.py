"""The tracking plan: what events and items should look like, and whether they do."""
