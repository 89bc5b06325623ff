"""One App's key for all of these tests; logs are not what they look at."""

from __future__ import annotations

from tests.e2e.conftest import app_key, quiet

__all__ = ["app_key", "quiet"]
