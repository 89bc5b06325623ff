"""The sandbox of the sandbox's own tests, here too."""

from tests.sandbox.conftest import as_user, hookbox, key, sandbox, session

__all__ = ["as_user", "hookbox", "key", "sandbox", "session"]
