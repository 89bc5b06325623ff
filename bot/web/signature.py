"""Is it GitHub who sent these bytes?"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

_SIGNATURE: Final = re.compile(r"sha256=([0-9a-f]{64})")


def claimed_digest(values: Sequence[str]) -> bytes | None:
    """The digest in the values of `X-Hub-Signature-256`; None unless there is exactly one and it is well-formed.

    The older `X-Hub-Signature` (SHA-1) is not looked at.
    """
    if len(values) != 1:
        return None
    match = _SIGNATURE.fullmatch(values[0])
    return None if match is None else bytes.fromhex(match[1])


def is_signed(secret: bytes, body: bytes, claimed: bytes) -> bool:
    """Whether the digest is the HMAC-SHA256 of the raw body, compared in constant time."""
    return hmac.compare_digest(hmac.digest(secret, body, hashlib.sha256), claimed)
