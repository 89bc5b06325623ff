"""Fields out of answers and payloads: of the type they must have, and nothing that cannot be stored."""

from __future__ import annotations

import json

import pytest

from bot.github.answers import field, optional
from bot.github.errors import UnexpectedAnswer


def test_half_a_surrogate_pair_is_replaced_and_the_rest_of_the_text_kept() -> None:
    value = json.loads('{"body": "caf\\u00e9 \\ud83d x \\ud83d\\ude00"}')
    text = field(value, "body", str, "the comment")
    assert text == "café \ufffd x 😀"
    assert text.encode()


def test_a_number_beyond_64_bits_is_no_id() -> None:
    with pytest.raises(UnexpectedAnswer, match="beyond 64 bits"):
        optional({"id": 2**63}, "id", int, "the comment")
    assert optional({"id": 2**63 - 1}, "id", int, "the comment") == 2**63 - 1
