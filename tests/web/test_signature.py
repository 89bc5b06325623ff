from __future__ import annotations

import pytest

from bot.web.signature import claimed_digest, is_signed

SECRET = b"It's a Secret to Everybody"
DIGEST = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_example_of_githubs_documentation_is_accepted() -> None:
    claimed = claimed_digest([f"sha256={DIGEST}"])
    assert claimed is not None
    assert is_signed(SECRET, b"Hello, World!", claimed)
    assert not is_signed(SECRET, b"Hello, World", claimed)
    assert not is_signed(SECRET + b"!", b"Hello, World!", claimed)


@pytest.mark.parametrize(
    "values",
    [[], [f"sha256={DIGEST}"] * 2, [DIGEST], [f"sha1={DIGEST[:40]}"], [f"sha256={DIGEST} "], [f"sha256={DIGEST}\n"]],
)
def test_anything_but_one_well_formed_value_claims_nothing(values: list[str]) -> None:
    assert claimed_digest(values) is None
