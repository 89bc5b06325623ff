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
    "SW106",
    "{path} is not where a plan is kept.",
    "Plans are kept in docs/exec-plans/active/, memory-bank/plan/, specs/ (PLAN.md) and beside a team-session.json; "
    "or name a dialect.",
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

# Spec-plans
NO_TASKS = _error("SW340", "The plan has no task.", 'Write each task as "### Task 1: what is done".')
TASK_WITHOUT_FILES = _error(
    "SW341", "Task {id} names no file.", "List its files in backticks behind **Files**, or write none."
)
TASK_WITHOUT_VERIFY = _error(
    "SW342",
    "Task {id} does not say how it is verified.",
    "Write a test, a command or what to look at behind **Verify**.",
)
INDEPENDENT_OVERLAP = _warning(
    "SW343",
    "Tasks {other} and {id} are marked as independent, and both may change {path}.",
    "They are never worked on at the same time; give them different files if they should be.",
)
UNKNOWN_IN_PARALLEL = _warning(
    "SW344", "{id} is to run in parallel, which is no task here.", "Name tasks of this plan."
)
WEIGHT_NOT_READ = _warning(
    "SW345", "The weight {value} is neither light nor full; full is assumed.", "Write light or full, not both."
)
SPEC_NOT_FOUND = _warning(
    "SW346", "{value} is no path of a spec in this repository.", "Write the path of SPEC.md from the root."
)
OBJECTIVE_NOT_STATED = _notice(
    "SW347", "The plan states no objective.", 'Say what is done and why under "## Objective".'
)
SPEC_PLAN_TEMPLATE = _error(
    "SW348", "This is the template; nothing in it is filled in.", "Copy it and fill in objective and tasks."
)

# Memory-bank plans
NO_TASK_LIST = _error(
    "SW320", "The plan has no task list.", 'List tasks with ids (T001, T002) under a heading "Work Breakdown (Tasks)".'
)
GOAL_MISSING = _error("SW321", "The plan has no goal.", 'Write one sentence below a heading "Goal".')
ROW_WITHOUT_ID = _error("SW322", "This row of the task table has no id: {row}.", "Give every task an id, like T1.")
CELLS_MISSING = _warning(
    "SW323", "The row of {id} has {count} of {columns} cells.", "Write every cell; put a dash where there is nothing."
)
TASK_WITHOUT_TITLE = _warning("SW324", "The task {id} has no title.", "Say in a few words what is to be done.")
TASKS_WITHOUT_IDS = _warning(
    "SW325", "The {count} tasks have no ids; their places in the list are taken.", "Begin each with an id, like T1."
)
WINDOWS_PATH = _warning(
    "SW326", "The path {path} of {id} is a Windows path and is left out.", "Write forward slashes from the root."
)
STATUS_BEFORE_TASKS = _notice(
    "SW327",
    "The status says {status}, and there are tasks that are not marked as done.",
    "Correct the one or the other.",
)
SEVERAL_IDS = _warning(
    "SW328", "{title} names several tasks and is not read as one.", "Give every task a heading of its own."
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

# Team sessions: {file} is a path within the session's folder, the line is one of that file
SESSION_FOLDER_MISSING = _error(
    "SW701", "There is no session folder {folder}.", "Check the path, or run team-coordinate again to make the session."
)
SESSION_FILE_MISSING = _error(
    "SW702", "team-session.json is missing.", "Run team-coordinate again with the original task."
)
SESSION_FILE_CORRUPT = _error(
    "SW703", "team-session.json does not parse: {reason}.", "Correct it, or run team-coordinate again."
)
ANALYSIS_MISSING = _error("SW704", "task-analysis.json is missing.", "Run team-coordinate again with resume.")
ANALYSIS_CORRUPT = _error(
    "SW705", "task-analysis.json does not parse: {reason}.", "Correct it, or run team-coordinate again."
)
NO_ROLE_SPECS = _error("SW706", "role-specs/ has no .md file.", "Run team-coordinate again with resume.")
ROLE_SPEC_MISSING = _error(
    "SW707",
    "team-session.json: the role {role} has no role spec; {file} is missing.",
    "Add the role spec, or run team-coordinate again with resume; roles are never made up here.",
)
ROLE_SPEC_FRONT_MATTER = _error(
    "SW708", "{file}: the front matter is not valid: {reason}.", "Correct it, or run team-coordinate again."
)
ROLE_SPEC_PHASE_MISSING = _error(
    "SW709", "{file}: the section Phase {phase} is missing.", "Add it, or run team-coordinate again."
)
SESSION_FILE_UNREADABLE = _error(
    "SW710", "{file} cannot be read: {reason}.", "Save it as UTF-8 text, or run team-coordinate again."
)
EXTRA_FILE_UNREADABLE = _warning(
    "SW711",
    "{file} cannot be read and is left aside: {reason}.",
    "Nothing has to be done: the session does without it.",
)
WRONG_TYPE = _error("SW712", "{file}: {key} is {found}; it has to be {wanted}.", "Correct the value.")
DUPLICATE_KEY = _error("SW713", "{file}: {reason}.", "Keep one of them: readers differ on which one counts.")
BAD_NUMBER = _error("SW714", "{file}: {reason}.", "Write a number that every JSON reader can read.")
NO_ROLES = _error("SW715", "team-session.json has no roles.", "Run team-coordinate again.")
ROLE_TWICE = _error(
    "SW716", "{file}: the role {role} is there twice; first in line {first}.", "Give every role a name of its own."
)
NO_GRAPH = _error(
    "SW717", "{file}: dependency_graph {reason}.", "Run team-coordinate again: the task analysis may have failed."
)
DUPLICATE_TASK = _error(
    "SW718", "{file}: the task {id} is there twice; first in line {first}.", "Give every task an id of its own."
)
TASK_DIFFERS_BY_CASE = _error(
    "SW719",
    "{file}: the tasks {id} and {other} (line {first}) differ only by case.",
    "Give every task an id of its own.",
)
BAD_TASK_ID = _error(
    "SW720", "{file}: {id} cannot be the id of a task: {reason}.", "Use the role's prefix and a number, like IMPL-001."
)
UNKNOWN_TASK = _error(
    "SW721", "{file}: {id} waits for {dependency}, which is no task of the graph.", "Name a task of the graph."
)
TASK_CYCLE = _error("SW722", "{file}: tasks wait for each other: {cycle}.", "Remove one of these dependencies.")
UNKNOWN_ROLE = _error(
    "SW723",
    "{file}: {id} is for the role {role}, which team-session.json does not have.",
    "Name a role of the session; roles are never made up here.",
)
NO_ROLE = _error("SW724", "{file}: {id} has no role.", "Name one of the session's roles.")
TOO_MANY_TASKS = _error(
    "SW725", f"{{file}}: there are {{count}} tasks; at most {BLOCKS_LIMIT} are read.", "Split the session."
)
TOO_MANY_ROLE_SPECS = _error(
    "SW726", "role-specs/ has {count} .md files; at most {limit} are read.", "Keep only those of the session's roles."
)
BAD_SESSION_PATTERN = _error(
    "SW727", "{file}: the pattern {pattern} cannot be used: {reason}.", "Write a path from the root, like docs/**."
)
GRAPHS_DIFFER = _warning(
    "SW728", "{file}: {id} waits for {here} here, for {there} in the graph.", "The graph counts; make the two agree."
)
NOT_IN_GRAPH = _warning(
    "SW729", "{file}: {id} is no task of the graph and is left aside.", "Add it to dependency_graph, or remove it."
)
WORKER_UNCLEAR = _warning("SW730", "{file}: an active worker is left aside: {reason}.", "Name its task under task_id.")
ROLE_SPEC_DIFFERS = _warning(
    "SW731", "{file}: {key} is {found}, team-session.json says {wanted}.", "team-session.json counts; make them agree."
)
NOT_YES_OR_NO = _warning(
    "SW732", "{file}: inner_loop is {found}; team-session.json counts, else false.", "Write true or false."
)
COMPLETION_ACTION_UNKNOWN = _notice(
    "SW733",
    "{file}: the completion action {value} is none of interactive, auto_archive, auto_keep; interactive is assumed.",
    "People are asked at the end; choose one of the three for another ending.",
)
FIELD_MISSING = _notice("SW734", "{file}: {key} is missing; {instead}.", "Nothing has to be done.")
FIELD_ELSEWHERE = _notice("SW735", "{file}: {found} stands for {wanted}.", "Nothing has to be done: it is read alike.")
GRAPH_KEYS_ADDED = _notice(
    "SW736", "{file}: tasks of the graph have keys that the schema does not name: {keys}.", "They are not used."
)
FILE_ADDED = _notice(
    "SW737",
    "{file} is not part of the schema.",
    "Titles and states are read from it; for dependencies the graph counts.",
)
SESSION_ID_FORM = _notice(
    "SW738", "{file}: the session id {id} is {reason}; the schema says TC-<slug>-<date>.", "Nothing has to be done."
)
KEY_WITH_BLANKS = _notice("SW739", "{file}: the front matter has a key with a blank: {key}.", "It is not used.")
PATHS_OUTSIDE = _notice(
    "SW740",
    "{file}: {count} of the paths lead out of the repository; first {path}.",
    "Nothing is checked for them; write paths from the root of the repository.",
)
STATUS_UNKNOWN = _notice(
    "SW741", "{file}: the status {value} is none of active, paused, completed.", "It is shown as it is."
)
ROLE_SPEC_UNUSED = _notice("SW742", "{file} belongs to no role of team-session.json.", "Nothing has to be done.")
SESSION_TASK_UNKNOWN = _notice(
    "SW743", "{file}: {key} names {id}, which is no task of the graph.", "Nothing is done for it."
)
ROLE_WITHOUT_FILES = _warning(
    "SW744",
    "{file}: {role} states no files, and others do; what it changes is out of scope.",
    "State the files of every role, or of none.",
)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by line, those about the whole file first, each once; past a limit, errors are the ones that stay."""
    findings = list(dict.fromkeys(found))
    more = len(findings) - FINDINGS_LIMIT
    if more > 0:
        findings.sort(key=lambda finding: finding.severity is not Severity.ERROR)
        findings = [*findings[:FINDINGS_LIMIT], MORE_FINDINGS.at(None, count=more)]
    return tuple(sorted(findings, key=lambda finding: (finding.line or 0, finding.code)))


KINDS: Final = {value.code: value for value in list(globals().values()) if isinstance(value, Kind)}
