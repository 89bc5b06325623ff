"""GitHub in and out: webhooks to events, facts, effects, tokens and limits."""
