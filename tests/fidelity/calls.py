"""Every operation that the bot calls, read from the source of `bot/github`, and where it is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.fidelity import description

ROOT: Final = Path(__file__).parents[2]
METHODS: Final = {
    "get": "GET",
    "get_forever": "GET",
    "pages": "GET",
    "each": "GET",
    "post": "POST",
    "patch": "PATCH",
    "put": "PUT",
    "delete": "DELETE",
}
_CLIENTS: Final = ("client", "app", "as_app")
"""What functions of `bot/github` call what they speak to GitHub through."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call in the source: the template as it stands there, and the function."""

    method: str
    template: str
    where: str

    @property
    def operation(self) -> description.Operation | None:
        """Give the operation that a filled-in template belongs to."""
        path = re.sub(r"\{[^}]+\}", "1", self.template.partition("{?")[0])
        return description.find(self.method, description.canonical(path))


@cache
def calls() -> tuple[Called, ...]:
    """Give every call; raises LookupError for one whose template cannot be read off the source."""
    folder = ROOT / "bot" / "github"
    return tuple(call for path in sorted(folder.glob("*.py")) for call in _of_module(path))


@cache
def called() -> dict[str, tuple[Called, ...]]:
    """Give the calls by the id of their operation."""
    found: dict[str, tuple[Called, ...]] = {}
    for call in calls():
        if call.operation is None:
            raise LookupError(f"{call.where}: GitHub describes no {call.method} {call.template}")
        found[call.operation.id] = (*found.get(call.operation.id, ()), call)
    return found


def _of_module(path: Path) -> Iterator[Called]:
    module = ast.parse(path.read_text())
    constants = _assigned(module.body)
    functions = [node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for function in functions:
        local = {**constants, **_assigned([node for node in ast.walk(function) if isinstance(node, ast.Assign)])}
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and (method := _method(node)) is not None:
                where = f"{path.stem}.{function.name}"
                templates = list(_texts(node.args[0], local)) if node.args else []
                if not templates:
                    raise LookupError(f"{where}: the template of this call cannot be read off its source")
                yield from (Called(method, template, where) for template in templates)


def _method(call: ast.Call) -> str | None:
    """Give the method if this is a call through a client."""
    if not isinstance(call.func, ast.Attribute):
        return None
    through = call.func.value
    if isinstance(through, ast.Call):
        through = through.func
    name = through.id if isinstance(through, ast.Name) else getattr(through, "attr", "")
    return METHODS.get(call.func.attr) if name in _CLIENTS else None


def _assigned(nodes: list[ast.stmt] | list[ast.Assign]) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _texts(node: ast.expr, names: dict[str, ast.expr]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _texts(node.body, names)
            yield from _texts(node.orelse, names)
        case ast.Name() if node.id in names:
            yield from _texts(names[node.id], {})
