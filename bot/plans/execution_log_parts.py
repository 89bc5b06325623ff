"""An execution log as its sections and lines, ready to be written: inert Markdown in the template's words and order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.plans.execution_log_lines import bare
from bot.plans.execution_log_record import Issue, LogRecord, PreFlight, TaskEntry
from bot.plans.inert import TEXT_LIMIT, inert_code, inert_text

UNKNOWN: Final = "not known"
NONE: Final = "none"
LISTED: Final = 50

GATES: Final = ("Tests", "Coverage", "Type checks", "Security", "Linters")
CRITERIA: Final = (
    "All planned gates passed",
    "Rollout completed or rolled back",
    "KPIs/SLOs within thresholds",
    "Execution log saved",
)

_KEY: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9 /.,'()-]{0,50}[A-Za-z0-9)])?")
_SIMPLE_ID: Final = re.compile(
    r"(?!M\d+$)[A-Za-z]{1,6}\d{1,9}[a-z]?(?:[.-][A-Za-z0-9]{0,3}\d[A-Za-z0-9]{0,5}){0,5}|Task \d{1,4}"
)
_ADDRESS: Final = re.compile(r"https://[A-Za-z0-9.:-]{1,250}(?:/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{0,1500})?")


@dataclass(frozen=True, slots=True)
class Keyed:
    """`- label: value`, found again by any of `names` (as `bare` gives them).

    `is_default`: written when it is missing, and otherwise left as it stands. `is_note`: added to what stands there.
    """

    label: str
    names: tuple[str, ...]
    value: str
    is_default: bool = False
    is_note: bool = False

    @property
    def line(self) -> str:
        return f"- {self.label}: {self.value}"


@dataclass(frozen=True, slots=True)
class Arrow:
    """`- head → value`; the head holds no arrow."""

    head: str
    value: str

    @property
    def line(self) -> str:
        return f"- {self.head} → {self.value}"


@dataclass(frozen=True, slots=True)
class Criterion:
    """`- [x] words`; `met` None: written as an empty box, and otherwise left as it stands."""

    words: str
    met: bool | None

    @property
    def line(self) -> str:
        return f"- [{'x' if self.met else ' '}] {self.words}"


@dataclass(frozen=True, slots=True)
class Bullet:
    words: str

    @property
    def line(self) -> str:
        return f"- {self.words}"


Line = Keyed | Arrow | Criterion | Bullet


@dataclass(frozen=True, slots=True)
class TaskPart:
    """One task's section: `key` is how its id compares, `heading` begins with the id as written."""

    key: str
    id: str
    summary: str
    lines: tuple[Line, ...]

    @property
    def heading(self) -> str:
        return f"{self.id} – {self.summary}" if self.summary else self.id


@dataclass(frozen=True, slots=True)
class Part:
    """A section, found by any of `names`; without `is_made` it is only kept current where it stands already."""

    title: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    is_made: bool = True
    tasks: tuple[TaskPart, ...] | None = None


def parts_of(record: LogRecord) -> tuple[Part, ...]:
    """All sections in the template's order."""
    return (
        Part(
            "Pre-Flight Checks", ("pre-flight checks", "pre-flight", "preflight checks"), _pre_flight(record.preflight)
        ),
        _blockers(record),
        Part(
            "Task Execution",
            ("task execution", "task execution log", "execution progress", "execution log"),
            (),
            tasks=tuple(_tasks(record.tasks)),
        ),
        Part("Gate Results", ("gate results",), _gates(record.gates)),
        _optional("Permalinks & Artifacts", _keyed_pairs(record.permalinks)),
        _optional("Deployment", _deployment(record)),
        _optional("Post-Deploy Verification", _keyed_pairs(record.post_deploy)),
        Part("Issues & Resolutions", ("issues & resolutions", "issues and resolutions"), _issues(record.issues)),
        Part("Success Criteria", ("success criteria",), _criteria(record.success)),
        Part("Next Steps", ("next steps",), _bullets(record.next_steps)),
    )


def _optional(title: str, lines: tuple[Line, ...]) -> Part:
    return Part(title, (title.casefold(),), lines, is_made=bool(lines))


def _pre_flight(checks: PreFlight) -> tuple[Line, ...]:
    return (
        Keyed("Branch", ("branch",), _code(checks.branch)),
        Keyed("Rollback", ("rollback", "rollback commit", "rollback point"), _code(checks.rollback)),
        Keyed("DoR", ("dor", "dor satisfied"), _answer(checks.dor, "satisfied", "not satisfied")),
        Keyed(
            "Access/secrets", ("access/secrets", "access/secrets present"), _answer(checks.access, "present", "missing")
        ),
        Keyed(
            "Fixtures/data", ("fixtures/data", "fixtures/data ready"), _answer(checks.fixtures, "ready", "not ready")
        ),
        Keyed("Ready", ("ready",), _answer(checks.ready, "yes", "no")),
    )


def _answer(answer: bool | None, yes: str, no: str) -> str:
    return UNKNOWN if answer is None else yes if answer else no


def _blockers(record: LogRecord) -> Part:
    names = ("blockers",)
    if not record.preflight.has_failed:
        # The section keeps what once stood in the way.
        state = Keyed("State", ("state",), "resolved, the pre-flight checks passed")
        return Part("Blockers", names, (state,), is_made=False)
    reasons = tuple(inert_text(one) for one in record.blockers if inert_text(one)) or tuple(_reasons(record.preflight))
    lines: tuple[Line, ...] = (Keyed("State", ("state",), "open"), *(Bullet(one) for one in dict.fromkeys(reasons)))
    return Part("Blockers", names, lines)


def _reasons(checks: PreFlight) -> Iterable[str]:
    if checks.dor is False:
        yield "The definition of ready is not satisfied"
    if checks.access is False:
        yield "Access or secrets are missing"
    if checks.fixtures is False:
        yield "Fixtures or data are not ready"
    if False not in (checks.dor, checks.access, checks.fixtures):
        yield "The plan is not ready"


def _tasks(entries: tuple[TaskEntry, ...]) -> Iterable[TaskPart]:
    seen: set[str] = set()
    for entry in entries:
        written = _written_id(entry.id)
        key = bare(written)
        if key not in seen:
            seen.add(key)
            yield TaskPart(key, written, _heading_words(entry.summary), _task_lines(entry))


def _written_id(words: str) -> str:
    """An id that the heading can be read back from: plain if it is one of the usual ones, else in a code span."""
    one_line = " ".join(words.split())
    return one_line if _SIMPLE_ID.fullmatch(one_line) else inert_code(one_line.replace("`", "'") or "unnamed", 60)


def _heading_words(summary: str) -> str:
    # Marks at the end of a heading would be taken for its closing ones.
    return re.sub(r"#+$", lambda found: "\\#" * len(found.group()), _behind(summary, 200))


def _task_lines(entry: TaskEntry) -> tuple[Line, ...]:
    match entry.status:
        case "pending" | "in progress":
            nothing = "none yet"
        case "skipped":
            nothing = NONE
        case _:
            nothing = UNKNOWN
    commands = (f"{inert_code(command)} → {_words(output)}" for command, output in entry.commands[:LISTED])
    files = (inert_code(path) for path in entry.files[:LISTED])
    return (
        Keyed("Status", ("status",), entry.status),
        Keyed("Commit", ("commit", "commits"), inert_code(entry.commit, 64) if entry.commit.strip() else nothing),
        Keyed(
            "Files",
            ("files", "file", "files touched", "files changed"),
            _joined(files, len(entry.files), ", ", nothing),
        ),
        Keyed("Commands", ("commands", "command"), _joined(commands, len(entry.commands), "; ", nothing)),
        Keyed("Tests", ("tests",), _words(entry.tests)),
        Keyed("Coverage delta", ("coverage delta", "coverage"), _words(entry.coverage)),
        Keyed("Notes", ("notes", "note"), _behind(entry.notes) or NONE, is_note=True),
    )


def _joined(shown: Iterable[str], count: int, mark: str, nothing: str) -> str:
    more = f" and {count - LISTED} more" if count > LISTED else ""
    return mark.join(shown) + more or nothing


def _gates(pairs: tuple[tuple[str, str], ...]) -> tuple[Line, ...]:
    known = {line.names[0]: line for line in _keyed_pairs(pairs)}
    first = [known.pop(bare(label), Keyed(label, (bare(label),), UNKNOWN, is_default=True)) for label in GATES]
    return (*first, *known.values())


def _keyed_pairs(pairs: Iterable[tuple[str, str]]) -> tuple[Keyed, ...]:
    """One line per label; labels that a reader of the log could not tell apart share theirs, so that none is lost."""
    keyed: dict[str, tuple[str, list[str]]] = {}
    for label, words in pairs:
        written = _label(label)
        keyed.setdefault(bare(written), (written, []))[1].append(_words(words))
    return tuple(
        Keyed(label, (name,), "; ".join(dict.fromkeys(values))) for name, (label, values) in keyed.items() if name
    )


def _label(label: str) -> str:
    words = " ".join(label.split())
    return words if _KEY.fullmatch(words) else inert_code(words.replace("`", "'") or "unnamed", 100)


def _deployment(record: LogRecord) -> tuple[Line, ...]:
    if not record.deployments and not record.deployment_times.strip():
        return ()
    times = Keyed("Timestamps", ("timestamps",), _words(record.deployment_times))
    return (*(line for line in _keyed_pairs(record.deployments) if line.names != times.names), times)


def _issues(issues: tuple[Issue, ...]) -> tuple[Line, ...]:
    lines: dict[str, Arrow] = {}
    for one in issues:
        issue = inert_text(one.issue.replace("→", "->")) or UNKNOWN
        head = f"{_written_id(one.task.replace('→', '->'))} – {issue}" if one.task.strip() else issue
        lines[head] = Arrow(head, _words(one.resolution))
    return tuple(lines.values()) or (Bullet(NONE),)


def _criteria(pairs: tuple[tuple[str, bool], ...]) -> tuple[Line, ...]:
    known: dict[str, Criterion] = {}
    for words, met in pairs:
        written = inert_text(words)
        before = known.get(bare(written))
        known[bare(written)] = Criterion(written, met and (before is None or before.met is True))
    known.pop("", None)
    first = [known.pop(bare(words), Criterion(words, None)) for words in CRITERIA]
    return (*first, *known.values())


def _bullets(words: tuple[str, ...]) -> tuple[Line, ...]:
    shown = dict.fromkeys(filter(None, (inert_text(one) for one in words)))
    return tuple(Bullet(one) for one in shown) or (Bullet(NONE),)


def _code(words: str) -> str:
    return inert_code(words) if words.strip() else UNKNOWN


def _words(words: str) -> str:
    """Words as they are shown; an address of its own becomes a link, nothing becomes "not known"."""
    stripped = words.strip()
    return f"<{stripped}>" if _ADDRESS.fullmatch(stripped) else _behind(stripped) or UNKNOWN


def _behind(words: str, limit: int = TEXT_LIMIT) -> str:
    """Words that stand behind others in their line, where a "+" or "1." at their beginning opens nothing."""
    return inert_text(f"x {words.strip()}", limit + 2)[2:]
