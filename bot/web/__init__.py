"""HTTP: the webhook endpoint, health and metrics."""
