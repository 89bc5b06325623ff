"""OpenAPI 3.0 schemas as JSON Schema, closed: a key that GitHub does not describe is as wrong as one that is missing.

OpenAPI says `nullable` where JSON Schema says `null`, and leaves every object open. Here an object with described
properties has no others, unless GitHub says that it may. What is an alternative on GitHub (`oneOf`) needs to fit one
of them: that it may fit two, as some of GitHub's do, is no fault of a body.
"""

from __future__ import annotations

from typing import Any, Final

from tests.fidelity.corrections import corrected

Json = Any

KEPT: Final = (
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
)
_PLACE: Final = "#/components/schemas/"
OPEN: Final = "~"
"""What the name of a schema begins with where it is one part of a whole and its own properties are not all."""


class Schemas:
    """Converts schemas and keeps those that they refer to; `definitions` has these by name when all are converted."""

    def __init__(self, described: dict[str, Json]) -> None:
        self._described = described
        self.definitions: dict[str, Json] = {}

    def convert(self, schema: Json, *, closed: bool = True) -> Json:
        """Give the JSON Schema of an OpenAPI schema; an open one may have properties besides its own."""
        if "$ref" in schema:
            return {"$ref": f"#/$defs/{self._define(schema['$ref'], closed=closed)}"}
        schema = corrected(schema)
        made: dict[str, Json] = {key: schema[key] for key in KEPT if key in schema}
        if "properties" in schema:
            made["properties"] = {name: self.convert(one) for name, one in schema["properties"].items()}
        if isinstance(schema.get("items"), dict):
            made["items"] = self.convert(schema["items"])
        self._compose(schema, made)
        self._close(schema, made, closed)
        return _nullable(made) if schema.get("nullable") else made

    def _define(self, ref: str, *, closed: bool) -> str:
        plain = ref.removeprefix(_PLACE)
        name = plain if closed else OPEN + plain
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self.convert(self._described[plain], closed=closed)
        return name

    def _compose(self, schema: Json, made: dict[str, Json]) -> None:
        alternatives = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
        if alternatives:
            parts = "properties" in schema or "allOf" in schema
            made["anyOf"] = [self.convert(_shut(one) if parts else one, closed=not parts) for one in alternatives]
        if "allOf" in schema:
            made["allOf"] = [self.convert(_shut(one), closed=False) for one in schema["allOf"]]

    def _close(self, schema: Json, made: dict[str, Json], closed: bool) -> None:
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            made["additionalProperties"] = self.convert(others)
        elif others is not None:
            made["additionalProperties"] = others
        elif closed and ("allOf" in made or ("properties" in made and "anyOf" in made)):
            made["unevaluatedProperties"] = False
        elif closed and "properties" in made:
            made["additionalProperties"] = False


def _shut(part: Json) -> Json:
    """A part of a whole leaves the others to the whole: `additionalProperties: true` there would allow anything."""
    return {key: value for key, value in part.items() if key != "additionalProperties"}


def _nullable(made: dict[str, Json]) -> Json:
    if not {"anyOf", "allOf"} & set(made) and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        return made
    return {"anyOf": [made, {"type": "null"}]}
