"""Real plans with labels, kept beside the checkout; without them the tests that read them are left out and say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

SHARED: Final = Path(__file__).parents[1] / ".." / "shared"
CORPUS: Final = SHARED / "corpus"
TEMPLATE: Final = SHARED / "seeds" / "001_bcf01e9c92e0dd04.txt"
NOT_HERE: Final = "the corpus is not beside this checkout"


def _labels() -> dict[str, Any]:
    file = CORPUS / "labels.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))["files"] if file.exists() else {}
    return found


LABELS: Final = _labels()
