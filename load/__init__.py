"""Load: storms of deliveries, a thousand pull requests, huge ones, and memory over time, each printed as a table."""
