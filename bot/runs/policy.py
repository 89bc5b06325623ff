"""What a team may decide about the bot: `.github/stepwise.yml`, strict, every key with a default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

POLICY_PATH: Final = ".github/stepwise.yml"
POLICY_BYTES_LIMIT: Final = 64 * 1024
NESTING_LIMIT: Final = 10

Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$")]
GateName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RecordPolicy(StrEnum):
    BLOCK = "block"
    END = "end"
    OFF = "off"


class CloseoutPolicy(StrEnum):
    PULL = "pull"
    COMMIT = "commit"


def _off(value: object) -> object:
    """YAML 1.1 reads a bare `off` as false: who writes `record: off` means the word."""
    return "off" if value is False else value


class GatesPolicy(BaseModel):
    """Which checks of others must hold: all that report unless `required` names them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    required: tuple[GateName, ...] = Field(default=(), max_length=100, strict=False)
    ignore: tuple[GateName, ...] = Field(default=(), max_length=100, strict=False)
    patience_minutes: int = Field(default=10, ge=0, le=24 * 60)


class Policy(BaseModel):
    """The whole policy. An empty file is valid, and so is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    approvers: tuple[Login, ...] = Field(default=(), max_length=200, strict=False)
    gates: GatesPolicy = GatesPolicy()
    record: Annotated[RecordPolicy, BeforeValidator(_off)] = Field(default=RecordPolicy.BLOCK, strict=False)
    closeout: CloseoutPolicy = Field(default=CloseoutPolicy.PULL, strict=False)


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
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _located(tree: yaml.Node | None, item: Any) -> tuple[int, str]:
    """A pydantic error with the line of the key it is about."""
    node, line = tree, 1
    for step in item["loc"]:
        if isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == step), None)
            if match is None:
                break
            line, node = match[0].start_mark.line + 1, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    name = _shown(".".join(str(step) for step in item["loc"]))
    if item["type"] == "extra_forbidden":
        return line, f"`{name}` is not a known key"
    return line, f"`{name}`: {item['msg'][0].lower()}{item['msg'][1:]}"


def _shown(name: object) -> str:
    """A key as one short line, whatever it is made of."""
    line = " ".join(str(name).split())
    return line if len(line) <= 100 else line[:99] + "…"


def _line_of_mark(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark is not None else 1


def _first_line(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
