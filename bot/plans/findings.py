"""Every finding once: its code, its severity, and the words for it. Codes are never reused for something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.plans.model import BLOCKS_LIMIT, PLAN_BYTES_LIMIT, Finding, Severity

SHOWN_LIMIT: Final = 120
FINDINGS_LIMIT: Final = 500
PATTERNS_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """A finding without its place; `message` and `hint` are format strings."""

    code: str
    severity: Severity
    message: str
    hint: str

    def at(self, line: int | None, **values: object) -> Finding:
        """The finding at a 0-based line; values from a plan are shortened and kept on one line."""
        shown = {name: quoted(value) for name, value in values.items()}
        return Finding(
            self.code,
            self.severity,
            None if line is None else line + 1,
            self.message.format(**shown),
            self.hint.format(**shown),
        )


def quoted(value: object) -> str:
    """A value from a plan made fit for a sentence: one line, no control characters, not endless."""
    text = " ".join(str(value).split())
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= SHOWN_LIMIT else text[: SHOWN_LIMIT - 1] + "…"


def _error(code: str, message: str, hint: str) -> Kind:
    return Kind(code, Severity.ERROR, message, hint)


def _warning(code: str, message: str, hint: str) -> Kind:
    return Kind(code, Severity.WARNING, message, hint)


def _notice(code: str, message: str, hint: str) -> Kind:
    return Kind(code, Severity.NOTICE, message, hint)


# The file
EMPTY = _error("SW101", "The plan is empty.", "Start from the plan template.")
BINARY = _error(
    "SW102", "The file is binary: there is a NUL byte at byte {offset}.", "A plan is Markdown text in UTF-8."
)
NOT_UTF8 = _error("SW103", "The file is not UTF-8: byte {offset} ({byte}).", "Save the plan as UTF-8.")
TOO_LARGE = _error(
    "SW104",
    f"The plan has {{size}} bytes; at most {PLAN_BYTES_LIMIT} are read.",
    "Move reports and logs out of the plan.",
)
UNSAFE_PATH = _error(
    "SW105", "The path {path} is refused: {reason}.", "Name the plan by its path from the root of the repository."
)
NOT_A_PLAN = _error(
    "SW106", "{path} is not where a plan is kept.", "Plans are kept in docs/exec-plans/active/, or name a dialect."
)
SYMLINK = _error("SW107", "{path} is a symbolic link.", "Commit the plan itself, not a link to it.")
FRONT_MATTER = _warning(
    "SW108", "The front matter cannot be read: {reason}.", "Correct the YAML between the --- lines."
)
UNTOUCHED_TEMPLATE = _error(
    "SW109",
    "This is the template; nothing in it is filled in.",
    "Copy it and fill in objective, blocks, branch and scope.",
)
UNREADABLE = _error("SW111", "{path} cannot be read: {reason}.", "Check the file and its permissions.")
MORE_FINDINGS = _notice("SW110", "{count} more findings are not shown.", "Correct these first.")

# What has to be there
SECTION_MISSING = _error(
    "SW201", "The section {section} is missing.", 'Add a heading "{section}"; its number does not matter.'
)
SECTION_NOT_FILLED_IN = _warning("SW202", "The section {section} is not filled in.", "Replace the template's text.")
OBJECTIVE_MISSING = _error(
    "SW203", "The plan has no objective.", "Write one sentence behind **Objective (One Sentence):**."
)
BRANCH_MISSING = _error(
    "SW204",
    "The plan does not name its execution branch.",
    "Write the branch behind **Execution Branch:** in backticks.",
)
BRANCH_INVALID = _error("SW205", "{branch} cannot be a branch name: {reason}.", "Write the name as git shows it.")
BRANCHES_DIFFER = _error(
    "SW206",
    "The execution branch {branch} is not the planning branch {planning}.",
    "Execution runs in the branch used during planning: make the two agree.",
)
MODE_NOT_FILLED_IN = _warning(
    "SW207", "The execution mode is not chosen; stepwise is assumed.", "Write `stepwise` or `autonomous`, not both."
)
NOT_FILLED_IN = _warning("SW208", "{field} still holds the template's text: {value}.", "Fill it in or leave it empty.")
RECORD_OPEN = _notice("SW209", "{field} is not filled in yet: {value}.", "Validation and closeout fill it in.")
TITLE_MISSING = _notice("SW210", "The plan has no title.", "Begin the file with a level-1 heading.")
NO_VALIDATION_COMMANDS = _notice(
    "SW211", "The validation plan names no command.", "Put commands in backticks so that they can be run."
)
SECTION_TWICE = _error(
    "SW212", "The section {section} appears twice; first in line {first}.", "Keep one: only one of them can be held to."
)

# Blocks
NO_BLOCKS = _error(
    "SW301", "The plan has no block.", "Give every block a Block ID under Proposed Next Block, or list Ordered Steps."
)
DUPLICATE_ID = _error(
    "SW302", "The id {id} is used twice; first in line {first}.", "Give every block an id of its own."
)
ID_DIFFERS_BY_CASE = _error(
    "SW303", "The ids {id} and {other} (line {first}) differ only by case.", "Give every block an id of its own."
)
UNKNOWN_DEPENDENCY = _error(
    "SW304", "{id} depends on {dependency}, which is no block here.", "Name a block of this plan."
)
DEPENDENCY_CYCLE = _error("SW305", "Blocks wait for each other: {cycle}.", "Remove one of these dependencies.")
TOO_MANY_BLOCKS = _error("SW306", f"The plan has {{count}} blocks; at most {BLOCKS_LIMIT} are read.", "Split the plan.")
BAD_ID = _error("SW307", "{id} cannot be the id of a block: {reason}.", "Use one short word with a number, like B01.")
ID_NOT_FILLED_IN = _error("SW308", "The block id {id} is the template's.", "Give the block its own id, like B01.")
BAD_RANGE = _error("SW309", "The range {range} cannot be read: {reason}.", "List the ids one by one.")
DEPENDS_ON_LATER = _warning(
    "SW310", "{id} depends on {dependency}, which comes later.", "Put the blocks in working order."
)
DEPENDENCIES_IN_PROSE = _warning(
    "SW311", "The dependencies of {id} name no block: {value}.", "Write ids, or none if there are none."
)
UNKNOWN_IN_GROUP = _error("SW312", "The block group names {id}, which is no block here.", "Name blocks of this plan.")
OUTSIDE_DEPENDENCY = _notice(
    "SW313", "{id} builds on {dependency}, which is done elsewhere.", "Nothing is checked for it."
)

# Scope
NO_INCLUDE = _error("SW401", "The file scope includes nothing.", "List patterns in backticks as bullets under Include.")
NEGATED_PATTERN = _error("SW402", "The pattern {pattern} is negated.", "Put what must not be changed under Exclude.")
PATTERN_NOT_FILLED_IN = _warning("SW403", "The pattern {pattern} is the template's.", "Replace or remove it.")
BAD_PATTERN = _error(
    "SW404", "The pattern {pattern} cannot be used: {reason}.", "Write a path from the root, like docs/**."
)
PROSE_IN_SCOPE = _warning(
    "SW405", "This is not read as a pattern: {text}.", "Put the pattern in backticks; anything else is for people only."
)
INCLUDED_AND_EXCLUDED = _warning(
    "SW406", "{pattern} is both included and excluded; excluded wins.", "Keep one of them."
)
TOO_MANY_PATTERNS = _error(
    "SW407", f"More than {PATTERNS_LIMIT} patterns are listed.", "Name folders instead of files."
)
PROSE_IN_EXCLUDE = _error(
    "SW408",
    "This exclusion is not a pattern and protects nothing: {text}.",
    "Put the pattern in backticks, or move the sentence to Out of Scope.",
)

# Indexes
DANGLING_ENTRY = _error("SW601", "The index lists {path}, which does not exist.", "Remove the entry or add the plan.")
DANGLING_REFERENCE = _warning(
    "SW602", "The index lists {path}, which does not exist.", "Remove the entry or correct the path."
)
NOT_LISTED = _warning("SW603", "The index does not list {path}.", "Add the plan to the index.")
NOT_LISTED_ASIDE = _notice(
    "SW604", "The index does not list {path}, which looks like a template.", "Nothing has to be done."
)
LISTED_TWICE = _warning("SW605", "The index lists {path} twice; first in line {first}.", "Remove one entry.")
ENTRY_OUTSIDE = _error("SW606", "The entry {path} leads out of the repository.", "Write a path inside the repository.")


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by line, those about the whole file first, each once; past a limit, errors are the ones that stay."""
    findings = list(dict.fromkeys(found))
    more = len(findings) - FINDINGS_LIMIT
    if more > 0:
        findings.sort(key=lambda finding: finding.severity is not Severity.ERROR)
        findings = [*findings[:FINDINGS_LIMIT], MORE_FINDINGS.at(None, count=more)]
    return tuple(sorted(findings, key=lambda finding: (finding.line or 0, finding.code)))


KINDS: Final = {value.code: value for value in list(globals().values()) if isinstance(value, Kind)}
