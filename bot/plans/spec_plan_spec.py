"""Which spec a plan implements: as the plan says, or the SPEC.md beside it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Final

from bot.plans import findings as say
from bot.plans.document import Document
from bot.plans.fields import Field
from bot.plans.inline import code_spans, links, plain
from bot.plans.model import Finding
from bot.plans.repository_paths import folder_of, resolve, resolve_link
from bot.plans.spec_plan_terms import has_template_part, is_template_text

SPEC: Final = "SPEC.md"
PLAN: Final = "PLAN.md"

_NAMES: Final = (
    "from", "spec", "spec path", "spec file", "source spec", "specification", "spec document", "implements", "based on",
)  # fmt: skip


def read_spec_path(path: str, document: Document, header: Sequence[Field], findings: list[Finding]) -> str | None:
    """The path of the spec from the root of the repository; None when the plan names none and is no PLAN.md."""
    beside = posixpath.join(folder_of(path), SPEC) if posixpath.basename(path) == PLAN else None
    for field in header:
        if field.name in _NAMES and plain(field.value.content):
            found = _from_field(path, field)
            if found is not None:
                return found
            if is_template_text(field.value.content) or has_template_part(field.value.content):
                findings.append(say.NOT_FILLED_IN.at(field.line, field=field.key, value=plain(field.value.content)))
            else:
                findings.append(say.SPEC_NOT_FOUND.at(field.line, value=plain(field.value.content)))
            return beside
    front = document.front_matter
    written = front.text("spec", "spec_path", "from") if front is not None else None
    if front is not None and written is not None:
        found = _meaning(written, path)
        if found is None:
            findings.append(say.SPEC_NOT_FOUND.at(front.span.start, value=written))
        return found or beside
    return beside


def _from_field(path: str, field: Field) -> str | None:
    """A link's target, else a code span, else the words without the note behind them."""
    for link in links(field.value):
        return _checked(resolve_link(link.target, folder_of(path)))
    codes = code_spans(field.value)
    words = codes[0].text if codes else re.split(r"\s+[(—–-]", plain(field.value.content).split("; ")[0])[0]
    return _meaning(words, path)


def _meaning(written: str, path: str) -> str | None:
    """What a path means: `SPEC.md` and `../x/SPEC.md` begin at the plan's folder, `specs/x/SPEC.md` at the root."""
    words = written.strip().strip("\"'").removeprefix("@")
    if "://" in words:
        return None
    is_from_root = "/" in words and not words.startswith(("./", "../"))
    return _checked(resolve(words, "" if is_from_root else folder_of(path)))


def _checked(path: str | None) -> str | None:
    if path is None or has_template_part(path) or re.search(r"\s|[\x00-\x1f]|://|\\", path):
        return None
    if path.casefold().endswith(".md"):
        return path
    is_folder = "/" in path and "." not in posixpath.basename(path)
    return posixpath.join(path, SPEC) if is_folder else None
