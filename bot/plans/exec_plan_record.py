"""What a run writes back into an exec-plan: status, checkpoints, the validation record, the closeout checklist."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter

from bot.plans.checkpoint_entries import Entry, bring_checkpoints, stamped
from bot.plans.document import read_document
from bot.plans.inert import NOTHING, inert_code, inert_text
from bot.plans.plan_status import bring_status
from bot.plans.record_fields import Wanted, bring_section

Result = Literal["done", "blocked", "pending", "skipped"]

FILES_LISTED: Final = 50
_STRICT: Final = ConfigDict(extra="forbid", strict=True)
_KEY: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9 /.,'()-]{0,50}[A-Za-z0-9)])?")
_FOLDER: Final = re.compile(r"[\w./-]{1,100}")
_RISKS: Final = ("residual risks / follow-ups", "residual risks/follow-ups", "residual risks", "follow-ups")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How one block stands.

    `result` is one of the template's three words, or "skipped": a block that was left out on purpose is none of them.
    `sprint` None means: as the plan's own *Roadmap Position* says, if it does. `date` is ISO 8601, `commit` a full
    hash; both are empty while the block is open.
    """

    __pydantic_config__ = _STRICT

    block: str
    sprint: str | None
    title: str
    files_changed: tuple[str, ...]
    validation_run: tuple[str, ...]
    result: Result
    notes: str
    commit: str
    approved_by: str | None
    date: str


@dataclass(frozen=True, slots=True)
class ValidationRecord:
    """The validation phase and its verdict; `invariants` are pairs of name and finding."""

    __pydantic_config__ = _STRICT

    level: str
    validated_by: str
    date: str
    scope: str
    commands: tuple[str, ...]
    results: tuple[str, ...]
    invariants: tuple[tuple[str, str], ...]
    verdict: str
    residual_risks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CloseoutRecord:
    """The closeout checklist; `moved_path` is None while the plan stands where it stood."""

    __pydantic_config__ = _STRICT

    ready: bool
    blockers: tuple[str, ...]
    moved_path: str | None
    active_index_updated: bool
    completed_index_updated: bool


@dataclass(frozen=True, slots=True)
class ExecPlanRecord:
    """What the plan's text is to hold; None and empty parts are left as they stand in the plan."""

    __pydantic_config__ = _STRICT

    status: str | None
    checkpoints: tuple[Checkpoint, ...]
    validation: ValidationRecord | None
    closeout: CloseoutRecord | None

    def to_json(self) -> dict[str, Any]:
        """The record as JSON-able values; tuples become lists."""
        value: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExecPlanRecord:
        """Read what `to_json` wrote; raises ValueError, naming the places, for anything else."""
        return _adapter().validate_json(json.dumps(value))


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[ExecPlanRecord]:
    return TypeAdapter(ExecPlanRecord)


def apply_record(text: str, record: ExecPlanRecord) -> str:
    """Bring a plan's text to hold the record; doing it twice equals doing it once, and every other byte stays.

    Everything in the record counts as untrusted and is written as one inert line. Sections that are missing are
    appended with the next number in the document's own style. Entries that people wrote are kept.
    """
    document = read_document(text)
    if record.status is not None:
        document = bring_status(document, record.status)
    if record.checkpoints:
        document = bring_checkpoints(document, tuple(_entry(checkpoint) for checkpoint in record.checkpoints))
    if record.validation is not None:
        document = bring_section(document, "Validation Record", _validation(record.validation))
    if record.closeout is not None:
        document = bring_section(document, "Closeout Checklist", _closeout(record.closeout))
    return document.text


def _entry(checkpoint: Checkpoint) -> Entry:
    stamp = [word for word in (_commit(checkpoint), _approval(checkpoint), inert_text(checkpoint.date, 40)) if word]
    return Entry(
        block=checkpoint.block,
        sprint=checkpoint.sprint,
        title=inert_text(checkpoint.title, 200) or NOTHING,
        files_changed=_listed(checkpoint.files_changed),
        validation_run=", ".join(filter(None, (inert_text(one, 200) for one in checkpoint.validation_run))) or NOTHING,
        result=f"{inert_code(checkpoint.result)} {stamped(stamp)}",
        notes=inert_text(checkpoint.notes) or NOTHING,
    )


def _commit(checkpoint: Checkpoint) -> str:
    return f"commit {inert_code(checkpoint.commit[:12])}" if checkpoint.commit else ""


def _approval(checkpoint: Checkpoint) -> str:
    # A login in a code span notifies nobody, and shows which words are the name.
    return f"approved by {inert_code(checkpoint.approved_by, 100)}" if checkpoint.approved_by else ""


def _listed(paths: tuple[str, ...]) -> str:
    shown = ", ".join(inert_code(path) for path in paths[:FILES_LISTED])
    more = len(paths) - FILES_LISTED
    return f"{shown} and {more} more" if more > 0 else shown or NOTHING


def _validation(record: ValidationRecord) -> tuple[Wanted, ...]:
    return (
        Wanted("Validation Level", ("validation level", "level"), inert_code(record.level)),
        Wanted("Validated By", ("validated by",), inert_code(record.validated_by)),
        Wanted("Date", ("date",), inert_code(record.date)),
        Wanted("Scope", ("scope",), inert_text(record.scope) or NOTHING),
        Wanted("Commands Executed", ("commands executed", "commands"), items=_bullets(record.commands)),
        Wanted("Results", ("results",), items=_bullets(record.results)),
        *_invariants(record.invariants),
        Wanted("Verdict", ("verdict",), inert_code(record.verdict)),
        Wanted("Residual Risks / Follow-ups", _RISKS, items=_bullets(record.residual_risks)),
    )


def _invariants(pairs: tuple[tuple[str, str], ...]) -> tuple[Wanted, ...]:
    if not pairs:
        return ()
    keyed = {_key(name): inert_code(text) for name, text in pairs}
    return (Wanted("Invariant Checks", ("invariant checks", "invariants"), keyed=tuple(keyed.items())),)


def _key(name: str) -> str:
    """A name that will be read back as a key: plain if it can be, else in a code span."""
    words = " ".join(name.split())
    return words if _KEY.fullmatch(words) else inert_code(words.replace("`", "'") or "check", 100)


def _closeout(record: CloseoutRecord) -> tuple[Wanted, ...]:
    folder = posixpath.dirname(posixpath.dirname(record.moved_path or ""))
    folder = folder if _FOLDER.fullmatch(folder) else "docs/exec-plans"
    indexes = (
        (inert_code(f"{folder}/active/index.md"), _yes_no(record.active_index_updated)),
        (inert_code(f"{folder}/completed/index.md"), _yes_no(record.completed_index_updated)),
    )
    moved = inert_code(record.moved_path) if record.moved_path is not None else NOTHING
    return (
        Wanted("Ready To Close", ("ready to close",), _yes_no(record.ready)),
        Wanted("Closeout Blockers (if any)", ("closeout blockers", "blockers"), items=_bullets(record.blockers)),
        Wanted("Moved Plan Path", ("moved plan path",), moved),
        Wanted("Indexes Updated", ("indexes updated",), keyed=indexes),
    )


def _yes_no(answer: bool) -> str:
    return "`yes`" if answer else "`no`"


def _bullets(words: tuple[str, ...]) -> tuple[str, ...]:
    # Code spans, as in the template: a bullet such as "Status: done" would otherwise read as one more field.
    return tuple(inert_code(word) for word in words) or ("`none`",)
