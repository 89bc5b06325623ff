"""What these tests share with those of whole stories."""

from tests.e2e.conftest import app_key, quiet

__all__ = ["app_key", "quiet"]
