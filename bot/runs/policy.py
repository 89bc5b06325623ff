"""What a team may decide about the bot: `.github/stepwise.yml`, strict, every key with a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
)

from bot.plans.model import Dialect, Level

POLICY_PATH: Final = ".github/stepwise.yml"
POLICY_BYTES_LIMIT: Final = 64 * 1024
NESTING_LIMIT: Final = 10

WORKFLOW_FILE: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml$"

Approver = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[a-z0-9][a-z0-9_-]{0,99})?$")
]
"""A login, or a team as `organisation/team`."""
GateName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
AppSlug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
"""An App as GitHub names it in addresses; `status` stands for commit statuses, whoever posts them."""
Place = Annotated[str, StringConstraints(min_length=1, max_length=200)]
RoleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,63}$")]


class RecordPolicy(StrEnum):
    BLOCK = "block"
    END = "end"
    OFF = "off"


class CloseoutPolicy(StrEnum):
    PULL = "pull"
    COMMIT = "commit"


class ReadinessPolicy(StrEnum):
    """What an unticked Readiness box of a plan does to `/execute`."""

    ENFORCE = "enforce"
    WARN = "warn"


class CommitsPolicy(StrEnum):
    """What commits that do not carry their block's id do to an approval."""

    ENFORCE = "enforce"
    WARN = "warn"
    OFF = "off"


def _off(value: object) -> object:
    """YAML 1.1 reads a bare `off` as false: who writes `record: off` means the word."""
    return "off" if value is False else value


class GatesPolicy(BaseModel):
    """Which checks of others must hold: all that report unless `required` names them.

    Anybody who may write checks can post one of any name: of a name in `apps` only that App's counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    required: tuple[GateName, ...] = Field(default=(), max_length=100, strict=False)
    ignore: tuple[GateName, ...] = Field(default=(), max_length=100, strict=False)
    apps: Mapping[GateName, AppSlug] = Field(default_factory=dict, max_length=100)
    patience_minutes: int = Field(default=10, ge=0, le=24 * 60)


class WorkflowWorker(BaseModel):
    """A workflow of the default branch, started by `workflow_dispatch` with the block's brief as inputs."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    workflow: Annotated[str, StringConstraints(pattern=WORKFLOW_FILE)]


class MentionWorker(BaseModel):
    """An agent that works when a comment mentions it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    mention: Annotated[str, StringConstraints(pattern=r"^@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[a-z0-9_-]{1,100})?$")]


WorkerPolicy = Literal["person"] | WorkflowWorker | MentionWorker


def _kind_of_worker(value: object) -> str:
    """Which form of worker is meant, so that a mistake in one form is told in the words of that form."""
    if isinstance(value, MentionWorker) or (isinstance(value, Mapping) and "mention" in value):
        return "mention"
    return "workflow" if isinstance(value, WorkflowWorker | Mapping) else "person"


Worker = Annotated[
    Annotated[Literal["person"], Tag("person")]
    | Annotated[WorkflowWorker, Tag("workflow")]
    | Annotated[MentionWorker, Tag("mention")],
    Discriminator(_kind_of_worker),
]


class WorkersPolicy(BaseModel):
    """Who writes the code of a block: the worker of its role, else the default one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    default: Worker = "person"
    roles: Mapping[RoleName, Worker] = Field(default_factory=dict, max_length=100)
    at_once: int = Field(default=10, ge=1, le=100)
    start_minutes: int = Field(default=5, ge=1, le=60)
    timeout_minutes: int = Field(default=60, ge=1, le=7 * 24 * 60)

    def of(self, role: str | None) -> WorkerPolicy:
        """The worker for a role; roles are compared without regard to case."""
        named = {name.casefold(): worker for name, worker in self.roles.items()}
        return named.get((role or "").casefold(), self.default)

    def agents(self) -> tuple[str, ...]:
        """The names, with their `@`, of everybody to whom blocks are handed by mentioning them."""
        workers = (self.default, *self.roles.values())
        return tuple(worker.mention for worker in workers if isinstance(worker, MentionWorker))


class Invariant(BaseModel):
    """Something that a validation of level high has to confirm, if the change touches one of the paths."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\r\n`]+$")]
    paths: tuple[Place, ...] = Field(default=(), max_length=50, strict=False)


DEFAULT_INVARIANTS: Final = (
    Invariant(name="Tenant isolation/authz"),
    Invariant(name="Migrations/indexes"),
    Invariant(name="Docs updated"),
)


class ValidationPolicy(BaseModel):
    """What level high looks at beyond scope and gates.

    `workflow` runs the plan's validation commands; without it level high says that nobody ran them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    level: Annotated[Level, Field(strict=False)] = Level.MEDIUM
    workflow: Annotated[str, StringConstraints(pattern=WORKFLOW_FILE)] | None = None
    invariants: tuple[Invariant, ...] = Field(default=DEFAULT_INVARIANTS, max_length=50, strict=False)
    documentation: tuple[Place, ...] = Field(default=("docs/", "*.md"), max_length=50, strict=False)


class PlacesPolicy(BaseModel):
    """Where plans of each dialect are kept, as patterns like those of a .gitignore; an empty list turns one off."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    exec_plan: tuple[Place, ...] | None = Field(default=None, alias="exec-plan", max_length=20, strict=False)
    memory_bank: tuple[Place, ...] | None = Field(default=None, alias="memory-bank", max_length=20, strict=False)
    spec_plan: tuple[Place, ...] | None = Field(default=None, alias="spec-plan", max_length=20, strict=False)
    team_session: tuple[Place, ...] | None = Field(default=None, alias="team-session", max_length=20, strict=False)

    def stated(self) -> dict[Dialect, tuple[str, ...]]:
        """The places that the policy states, by dialect."""
        by_dialect = {
            Dialect.EXEC_PLAN: self.exec_plan,
            Dialect.MEMORY_BANK: self.memory_bank,
            Dialect.SPEC_PLAN: self.spec_plan,
            Dialect.TEAM_SESSION: self.team_session,
        }
        return {dialect: patterns for dialect, patterns in by_dialect.items() if patterns is not None}


class Policy(BaseModel):
    """The whole policy. An empty file is valid, and so is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    approvers: tuple[Approver, ...] = Field(default=(), max_length=200, strict=False)
    gates: GatesPolicy = GatesPolicy()
    record: Annotated[RecordPolicy, BeforeValidator(_off)] = Field(default=RecordPolicy.BLOCK, strict=False)
    closeout: CloseoutPolicy = Field(default=CloseoutPolicy.PULL, strict=False)
    readiness: ReadinessPolicy = Field(default=ReadinessPolicy.ENFORCE, strict=False)
    commits: Annotated[CommitsPolicy, BeforeValidator(_off)] = Field(default=CommitsPolicy.WARN, strict=False)
    workers: WorkersPolicy = WorkersPolicy()
    validation: ValidationPolicy = ValidationPolicy()
    plans: PlacesPolicy = PlacesPolicy()


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """A policy that cannot be used: where and why, one line each."""

    path: str
    problems: tuple[tuple[int, str], ...]


def read_policy(content: bytes | None, path: str = POLICY_PATH) -> Policy | PolicyProblem:
    """Read a policy file; None (no file) and an empty file give the defaults."""
    if content is None:
        return Policy()
    if len(content) > POLICY_BYTES_LIMIT:
        return PolicyProblem(path, ((1, f"is {len(content)} bytes long; the limit is {POLICY_BYTES_LIMIT}"),))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return PolicyProblem(path, ((1, f"is not UTF-8: byte {error.start} cannot be read"),))
    try:
        tree = _plain_tree(text)
        return Policy.model_validate({} if tree is None else _construct(tree))
    except yaml.YAMLError as error:
        return PolicyProblem(path, ((_line_of_mark(error), f"is not valid YAML: {_first_line(error)}"),))
    except _NotPlainError as error:
        return PolicyProblem(path, ((error.line, error.problem),))
    except ValidationError as error:
        return PolicyProblem(path, tuple(_located(tree, item) for item in error.errors()))


class _NotPlainError(Exception):
    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def _plain_tree(text: str) -> yaml.Node | None:
    """The YAML node tree, refusing aliases (the way bombs are built), duplicate keys and a top that is no mapping."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise _NotPlainError(line, "uses a YAML alias, which is not accepted here")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > NESTING_LIMIT:
            raise _NotPlainError(line, f"is nested deeper than {NESTING_LIMIT} levels")
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    if tree is None or (isinstance(tree, yaml.ScalarNode) and tree.tag.endswith(":null")):
        return None
    if not isinstance(tree, yaml.MappingNode):
        raise _NotPlainError(1, "must be a mapping of keys to values")
    _refuse_duplicate_keys(tree)
    return tree


def _refuse_duplicate_keys(node: yaml.Node) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _NotPlainError(key.start_mark.line + 1, "has a key that is not a word")
            if key.value in seen:
                raise _NotPlainError(key.start_mark.line + 1, f"has the key `{_shown(key.value)}` twice")
            seen.add(str(key.value))
            _refuse_duplicate_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicate_keys(item)


def _construct(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        _try_scalars(loader, node)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _try_scalars(loader: yaml.SafeLoader, node: yaml.Node) -> None:
    """Refuse what looks like a number or a date and is none: the loader lets the errors of Python's own types out."""
    if isinstance(node, yaml.ScalarNode):
        try:
            loader.construct_object(node)
        except (ValueError, ArithmeticError, AttributeError, LookupError):
            line = node.start_mark.line + 1
            raise _NotPlainError(line, f"has the value `{_shown(node.value)}`, which cannot be read") from None
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _try_scalars(loader, key)
            _try_scalars(loader, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _try_scalars(loader, item)


def _located(tree: yaml.Node | None, item: Any) -> tuple[int, str]:
    """A pydantic error with the line of the key it is about; steps that only pydantic knows are left out."""
    node, line, steps = tree, 1, list[str]()
    for step in item["loc"]:
        if isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == step), None)
            if match is None:
                continue
            line, node = match[0].start_mark.line + 1, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            continue
        steps.append(str(step))
    name = _shown(".".join(steps))
    if item["type"] == "extra_forbidden":
        return line, f"`{name}` is not a known key"
    if item["type"] == "missing":
        return line, f"`{name}` needs the key `{item['loc'][-1]}`"
    return line, f"`{name}`: {_said(item)}"


def _said(item: Any) -> str:
    """What is wrong with a value, in words for people who never heard of the library that found it."""
    context = item.get("ctx") or {}
    match item["type"]:
        case "literal_error" | "enum":
            return f"must be {context['expected']}"
        case "string_pattern_mismatch":
            return f"`{_shown(item['input'])}` is not written as one of these is"
        case "string_type":
            return "must be text; put it in quotes"
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return "must be a mapping of keys to values"
        case "tuple_type" | "list_type":
            return "must be a list"
        case "int_type" | "int_parsing" | "int_from_float":
            return "must be a whole number"
        case _:
            return f"{item['msg'][0].lower()}{item['msg'][1:]}"


def _shown(name: object) -> str:
    """A key as one short line, whatever it is made of."""
    line = " ".join(str(name).split())
    return line if len(line) <= 100 else line[:99] + "…"


def _line_of_mark(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark is not None else 1


def _first_line(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
