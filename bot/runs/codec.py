"""Runs and effects as JSON text, and back."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from bot.runs.effects import Effect
from bot.runs.model import Run

_RUN: Final[TypeAdapter[Run]] = TypeAdapter(Run)
_EFFECT: Final[TypeAdapter[Effect]] = TypeAdapter(Annotated[Effect, Field(discriminator="kind")])


def dump_run(run: Run) -> str:
    return _RUN.dump_json(run).decode()


def load_run(text: str) -> Run:
    """The run that `dump_run` wrote. Fields that came later have their defaults; raises ValueError if it is no run."""
    return _RUN.validate_json(text)


def dump_effect(effect: Effect) -> str:
    return _EFFECT.dump_json(effect).decode()


def load_effect(text: str) -> Effect:
    """The effect that `dump_effect` wrote, by its `kind`; raises ValueError if it is none."""
    return _EFFECT.validate_json(text)
