"""Fixtures of several files of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.worker_stage import Stage, listening, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The worker workflow with a repository to work on and a listener for its report."""
    with listening() as listener:
        yield staged(tmp_path, listener)
