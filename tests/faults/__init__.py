"""Faults at every point of whole stories: the end must be the one that comes without them. `make faults` runs them."""
