"""A shop whose tracking plan is a part of its program."""
