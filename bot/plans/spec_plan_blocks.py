"""One task of a spec-plan as a block: spec reference, files, action, verification, dependencies, independence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.plans import findings as say
from bot.plans.block_reading import ACCEPTANCE, DEPENDENCIES, Draft, clean_title
from bot.plans.inline import plain
from bot.plans.model import Block, Finding, Pattern, Prose
from bot.plans.spec_plan_files import is_files_name, read_files
from bot.plans.spec_plan_tasks import TaskPlace
from bot.plans.spec_plan_terms import Source, Term, is_left_over, is_template_text, terms, words_in

_SPEC_REF: Final = re.compile(
    r"spec(?:ification)? (?:refs?|references?|sections?)|spec|specs|references? to spec|refs?|requirements?(?: refs?)?"
    r"|requirement ids?|covers|implements|satisfies|acceptance criteri(?:on|a) refs?|traces to"
)
_ACTION: Final = re.compile(r"actions?|changes?|what(?: to do)?|do|implementation|work|steps|details|instructions")
_VERIFY: Final = re.compile(
    r"verify|verif(?:y|ied) (?:by|with)|verification(?: (?:criteria|criterion|steps|commands?|method))?|how to verify"
    r"|validate|validation|tested by|proof|검증|验证"
)
_INDEPENDENT: Final = re.compile(
    r"independent(?: tasks?)?|parallel(?:i[sz]able|[- ]safe)?|(?:can|may) (?:be )?(?:run|done|executed) in parallel"
    r"|run(?:s)? in parallel"
)
_YES: Final = re.compile(
    r"(?:yes|true|y|✅|independent|parallel|(?:can|may) (?:be )?(?:run|done|executed)\b)", re.IGNORECASE
)
_WITH: Final = re.compile(r"(?:with )?(?:tasks?\s+)?#?[A-Za-z]{0,4}\d", re.IGNORECASE)
_IN_TITLE: Final = re.compile(
    r"[(\[](?:independent|parallel|(?:can|may) (?:be )?(?:run|done|executed) in parallel[^()]*|in parallel)[)\]]",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(
    r"(?:this task|it|task\s+\S+)?\s*(?:is independent\b(?! of (?!(?:the )?(?:other|all|every)))"
    r"|(?:can|may) (?:safely )?(?:be )?(?:run|done|executed|implemented|worked on) in parallel\b)",
    re.IGNORECASE,
)
_DEPENDS_IN_TITLE: Final = re.compile(
    r"[(\[](?:depends on|dependencies:?|deps:?|after|blocked by|needs|requires)\s+([^()\[\]]*)[)\]]", re.IGNORECASE
)
_DEPENDS_SENTENCE: Final = re.compile(
    r"(?:this task |it )?(?:depends on|is blocked by) (?P<ids>(?:tasks?\b|#?[A-Za-z]{0,4}\d|none\b|nothing\b)[^.;]*)",
    re.IGNORECASE,
)
_STEP: Final = re.compile(
    r"step\s+\d{1,3}(?:\.\d{1,3})?\b\s*[:.)\uff1a–—-]*\s*(?P<words>.*)", re.IGNORECASE | re.DOTALL
)
_STATES_DONE: Final = re.compile(r"(?:done|completed?|finished|✅|\[x\])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TaskReading:
    """One task: its draft, the patterns and prose of its files, and everything to say about it."""

    draft: Draft
    patterns: tuple[Pattern, ...]
    prose: tuple[Prose, ...]
    findings: tuple[Finding, ...]


def read_task(source: Source, place: TaskPlace) -> TaskReading:
    """Read the terms of a task; files and verification have to be there."""
    files = read_files(terms(source, place, is_files_name))
    verify = words_of(source, place, _VERIFY)
    depends, depends_line = _depends(source, place)
    block = Block(
        id=place.id,
        title=clean_title(place.title),
        line=place.line + 1,
        milestone=place.milestone,
        steps=_steps(source, place),
        files=tuple(pattern.text for pattern in files.patterns),
        acceptance=tuple(words for term in terms(source, place, _is_acceptance) for words in words_in(term)),
        verify="; ".join(verify) or None,
        independent=_is_independent(source, place),
        spec_ref="; ".join(words_of(source, place, _SPEC_REF)) or None,
        is_done=place.is_done or _states_done(source, place),
    )
    findings = [*files.findings, *_left_over(source, place)]
    if not files.patterns and not files.says_none:
        findings.append(say.TASK_WITHOUT_FILES.at(place.line, id=block.id))
    if block.verify is None or re.fullmatch(r"(?:none|n/?a|-+|–|—)\.?", block.verify, re.IGNORECASE):
        findings.append(say.TASK_WITHOUT_VERIFY.at(place.line, id=block.id))
    return TaskReading(Draft(block, depends, depends_line), tuple(files.patterns), tuple(files.prose), tuple(findings))


def words_of(source: Source, place: TaskPlace, names: re.Pattern[str]) -> tuple[str, ...]:
    """What the first term with such a name says that says anything."""
    found = (words_in(term) for term in terms(source, place, lambda name: names.fullmatch(name) is not None))
    return next((words for words in found if words), ())


def _is_acceptance(name: str) -> bool:
    return name in ACCEPTANCE or name in ("success criteria", "definition of done")


def _steps(source: Source, place: TaskPlace) -> tuple[str, ...]:
    """The action, item by item; else the steps that are counted: `**Step 1: Write the test**`."""
    action = words_of(source, place, _ACTION)
    if action:
        return action
    steps = []
    for words in _lines(source, place):
        match = _STEP.match(words)
        if match is not None and (said := match["words"].strip()):
            steps.append(said)
    return tuple(steps)


def _lines(source: Source, place: TaskPlace) -> Iterator[str]:
    """The lines of a task's paragraphs and list items as plain words, headings below it included."""
    document = source.document
    for text in document.texts_in(place.span):
        for line in text.content.split("\n"):
            if words := plain(line):
                yield words


def _depends(source: Source, place: TaskPlace) -> tuple[str | None, int]:
    for term in terms(source, place, lambda name: name in DEPENDENCIES):
        if words := words_in(term):
            return "; ".join(words), term.line
    in_title = _DEPENDS_IN_TITLE.search(place.title)
    if in_title is not None:
        return in_title.group(1), place.line
    for line in _lines(source, place):
        match = _DEPENDS_SENTENCE.match(line)
        if match is not None:
            return match["ids"], place.line
    return None, place.line


def _is_independent(source: Source, place: TaskPlace) -> bool:
    """Only what is marked: a field that says yes, a mark in the title or behind "none", a sentence of its own."""
    for term in terms(source, place, lambda name: _INDEPENDENT.fullmatch(name) is not None):
        said = " ".join(words_in(term))
        if said:
            return bool(_YES.match(said) or _WITH.match(said))
    depends = [words for term in terms(source, place, lambda name: name in DEPENDENCIES) for words in words_in(term)]
    if any(_IN_TITLE.search(words) for words in (place.title, *depends)):
        return True
    return any(_SENTENCE.match(line) for line in _said(source, place))


def _said(source: Source, place: TaskPlace) -> Iterator[str]:
    for words in _lines(source, place):
        yield words
        key, colon, behind = words.partition(":")
        if colon and len(key) < 20:
            yield behind.strip()


def _states_done(source: Source, place: TaskPlace) -> bool:
    found = terms(source, place, lambda name: name in ("status", "state"))
    return any(_STATES_DONE.match(words) for term in found[:1] for words in words_in(term)[:1])


def _left_over(source: Source, place: TaskPlace) -> Iterator[Finding]:
    """What still holds the template's text: the title, or a term."""
    if is_template_text(place.title):
        yield say.NOT_FILLED_IN.at(place.line, field="The task's title", value=place.title)
    for term in terms(source, place, _is_template_term):
        if is_left_over(term):
            yield say.NOT_FILLED_IN.at(term.line, field=_shown(term), value=term.values[0].content)


def _is_template_term(name: str) -> bool:
    return any(names.fullmatch(name) is not None for names in (_SPEC_REF, _ACTION, _VERIFY))


def _shown(term: Term) -> str:
    return term.name.capitalize()
