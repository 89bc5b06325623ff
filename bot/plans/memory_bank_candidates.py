"""One place that looks like a task, before it is known which form of a plan's tasks is the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.plans.memory_bank_ids import Name
from bot.plans.memory_bank_terms import Terms
from bot.plans.nodes import Span

Form = Literal["heading", "table", "paragraph", "list", "fields"]


@dataclass(slots=True)
class Candidate:
    """A name at its place: `span` begins with its line, `container` is the line of the table, list or section around.

    `is_details` is set where the place only describes tasks that are defined elsewhere.
    """

    name: Name
    span: Span
    form: Form
    container: int
    terms: Terms = field(default_factory=Terms)
    level: int = 0
    milestone: str | None = None
    is_details: bool = False

    @property
    def line(self) -> int:
        return self.span.start
