"""The outline of a memory-bank plan, worked out once: which section is around a line, which are parts of tasks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from typing import Final

from bot.plans.document import Document, Section
from bot.plans.memory_bank_ids import Name, Rank, name_in

_PART_OF_A_TASK: Final = re.compile(
    r"summary|acceptance(?: criteria| tests?)?|files?(?:[ /].*)?|notes?|dependenc(?:y|ies)|description|implementation"
    r"|steps|tests?|verification|details|changes"
)


class Outline:
    """The sections of one document; every question is answered without walking over all of them."""

    def __init__(self, document: Document) -> None:
        self.sections = document.sections
        self._starts = [section.heading.start for section in document.sections]
        self._names = {section.heading.start: name_in(section.title) for section in document.sections}
        self._around: dict[int, Section | None] = {}
        self._phases: dict[int, tuple[str, ...]] = {}
        self._count = Counter((section.name, section.level) for section in document.sections)
        open_sections: list[Section] = []
        for section in document.sections:
            while open_sections and open_sections[-1].level >= section.level:
                open_sections.pop()
            around = open_sections[-1] if open_sections else None
            start = section.heading.start
            self._around[start] = around
            name = self._names[start]
            above = self._phases[around.heading.start] if around is not None else ()
            self._phases[start] = (name.id, *above[:3]) if name is not None and name.rank is Rank.PHASE else above
            open_sections.append(section)

    def name(self, section: Section) -> Name | None:
        """The id and title that a section's heading gives."""
        return self._names[section.heading.start]

    def is_named(self, section: Section) -> bool:
        """Say whether a heading names a task, step or phase; a number alone is a place in the document."""
        name = self.name(section)
        return name is not None and name.rank is not Rank.NUMBER

    def at(self, line: int) -> Section | None:
        """The innermost section that holds a line."""
        index = bisect_right(self._starts, line) - 1
        return self.sections[index] if index >= 0 else None

    def around(self, section: Section) -> Section | None:
        return self._around[section.heading.start]

    def phase_at(self, line: int, but: str) -> str | None:
        """The innermost milestone or phase whose heading stands above a line, leaving out the one of this name."""
        section = self.at(line)
        names = self._phases[section.heading.start] if section is not None else ()
        return next((name for name in names if name != but), None)

    def is_part(self, section: Section) -> bool:
        """Say whether a section is a part of a task, like its files: named so, and there again for other tasks."""
        if _PART_OF_A_TASK.fullmatch(section.name) is None:
            return False
        return self._count[section.name, section.level] > 1

    def index_from(self, line: int) -> int:
        """The place of the first section whose heading stands at or behind a line."""
        return bisect_right(self._starts, line - 1)
