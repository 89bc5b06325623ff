"""The reaction: observe, decide, record, act, show."""
