"""The primary rate limit: one window of an hour per caller."""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox.auth import Actor, Anonymous, AsInstallation
from bot.sandbox.hub import Hub, Window


def _key(actor: Actor) -> str:
    return f"{actor.name}:{actor.installation.id}" if isinstance(actor, AsInstallation) else actor.name


def window_of(hub: Hub, actor: Actor) -> Window:
    """Give the caller's hour, a new one when the last is over."""
    now, key = hub.clock.now(), _key(actor)
    found = hub.windows.get(key)
    if found is None or now >= found.resets_at:
        limit = 60 if isinstance(actor, Anonymous) else hub.rate_limit
        found = hub.windows[key] = Window(limit, 0, now + timedelta(hours=1))
    return found
