"""What a memory-bank task waits for: ids as teams write them, ranges, and milestones that stand for all their tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.block_reading import Draft
from bot.plans.memory_bank_ids import number_key
from bot.plans.model import Finding

_NONE: Final = re.compile(
    r"[-–—_/\s]*|(?:none|no|nil|nothing|n/?a)\b.*|independent\b.*|없음.*|无.*|無.*|なし.*", re.IGNORECASE
)
_WORDS: Final = re.compile(
    r"\b(?:tasks?|sub-?tasks?|phases|steps|stages|milestones|stories|items|slices)(?=\s*#?[\dA-Z])|작업|任务|任務|タスク",
    re.IGNORECASE,
)
_ALL_BEFORE: Final = re.compile(
    r"all (?:previous|prior|preceding|above|earlier|other)?\s*(?:tasks|steps)?\b.*|all", re.IGNORECASE
)


class Waiting:
    """Resolves what drafts say of their dependencies against the tasks and milestones of one plan."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self._ids = [draft.block.id for draft in drafts]
        self._by_fold = {task_id.casefold(): task_id for task_id in reversed(self._ids)}
        keys = [number_key(task_id) for task_id in self._ids]
        # Task 1 is also written T1 or 1, where no other task has that name.
        self._by_number = {key: each for key, each in zip(keys, self._ids, strict=True) if key and keys.count(key) == 1}
        self._shapes = {block_ids.shape(task_id) for task_id in self._ids}
        self._in_milestone: dict[str, list[str]] = {}
        for draft in drafts:
            if draft.block.milestone:
                self._in_milestone.setdefault(draft.block.milestone.casefold(), []).append(draft.block.id)
        longest_first = sorted(self._by_fold, key=len, reverse=True)
        # T1 is a prefix of T10, and "1" of "1.1": an id ends where no letter, digit or further part follows.
        known = "|".join(re.escape(fold) for fold in longest_first)
        self._known = re.compile(rf"(?<![\w.#/-])(?:{known or '(?!)'})(?![\w/]|[-.]\w)", re.IGNORECASE)

    def of(self, draft: Draft, known: Mapping[str, str], findings: list[Finding]) -> tuple[str, ...] | None:
        """The ids of `known` tasks that a draft waits for: none at all is `()`, nothing said or readable is None."""
        if draft.depends is None:
            return None
        words = _WORDS.sub(" ", draft.depends).strip()
        if _NONE.fullmatch(draft.depends.strip().strip("`*. ")):
            return ()
        if _ALL_BEFORE.fullmatch(draft.depends.strip(" .")):
            before = self._ids[: self._ids.index(draft.block.id)]
            return tuple(dict.fromkeys(each for each in before if each.casefold() in known))
        try:
            named = self._named(words, draft, findings)
        except block_ids.RangeError as error:
            findings.append(say.BAD_RANGE.at(draft.depends_line, range=draft.depends, reason=str(error)))
            return None
        found = [each for each in named if each.casefold() in known]
        if not found and not any(finding.line == draft.depends_line + 1 for finding in findings):
            findings.append(say.DEPENDENCIES_IN_PROSE.at(draft.depends_line, id=draft.block.id, value=draft.depends))
            return None
        return tuple(dict.fromkeys(found))

    def _named(self, words: str, draft: Draft, findings: list[Finding]) -> list[str]:
        """Known ids in the order they are written, with the ranges among them; what is not known is reported."""
        # In prose, "PR #12" is not task 12 by another name.
        is_list = block_ids.is_only_ids(words)
        read = [self._known_as(each, by_number=is_list) or each for each in block_ids.ids_in(words)]
        literal = [self._by_fold[match.group().casefold()] for match in self._known.finditer(words)]
        if not any(each in self._ids for each in read):
            read = [*literal, *(each for each in read if not _is_part_of(each, literal))]
        else:
            read += literal
        found: list[str] = []
        for each in dict.fromkeys(read):
            fold, known = each.casefold(), self._known_as(each, by_number=is_list)
            if known is not None:
                found.append(known)
            elif fold in self._in_milestone:
                found += [other for other in self._in_milestone[fold] if other != draft.block.id]
            elif block_ids.is_said_to_be_done(words, each):
                findings.append(say.OUTSIDE_DEPENDENCY.at(draft.depends_line, id=draft.block.id, dependency=each))
            elif is_list or block_ids.shape(each) in self._shapes:
                findings.append(say.UNKNOWN_DEPENDENCY.at(draft.depends_line, id=draft.block.id, dependency=each))
        return found

    def _known_as(self, written: str, *, by_number: bool) -> str | None:
        known = self._by_fold.get(written.casefold())
        return known or (self._by_number.get(number_key(written) or "") if by_number else None)


def _is_part_of(each: str, literal: Sequence[str]) -> bool:
    return any(each.casefold() in other.casefold() for other in literal)
