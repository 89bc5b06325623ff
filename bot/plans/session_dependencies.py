"""Where a session states its dependency graph: one statement counts, the others must not say something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.plans import findings as say
from bot.plans.model import Finding
from bot.plans.session_details import Details
from bot.plans.session_files import ANALYSIS_FILE, Source
from bot.plans.session_registry import Named, Registry
from bot.plans.session_tasks import Entry, Tasks, departures, entry_of_task, read_entries, read_tasks
from bot.plans.strict_json import Object


@dataclass(frozen=True, slots=True)
class Sources:
    """The JSON files of one session: team-session.json, task-analysis.json, and tasks.json where there is one."""

    session: Source
    analysis: Source
    extra: Source


def read_all_tasks(
    sources: Sources,
    registry: Registry,
    files: Mapping[str, Sequence[str]],
    details: Details,
    ids: Sequence[tuple[Named, Source]],
) -> Tasks:
    """The tasks of the graph that counts; `ids` are those under which tasks are described, each with its file."""
    source, entries = _graph(sources, registry, details, ids)
    if not entries:
        return Tasks()
    tasks = read_tasks(source, entries, details, registry, files)
    depends = {entry.named.id.casefold(): tuple(named.id for named in entry.depends) for entry in entries}
    for stated in (sources.analysis, sources.extra):
        named = [one for one, where in ids if where is stated]
        stated.findings.extend(_not_in_graph(stated, named, depends))
        own = [entry for one in named if (entry := entry_of_task(details, one, stated)) is not None]
        stated.findings.extend(_differing(stated, own, depends))
    if isinstance(registry.graph, Object) and source is not sources.session:
        again = read_entries(sources.session, registry.graph)
        sources.session.findings.extend(_not_in_graph(sources.session, [entry.named for entry in again], depends))
        sources.session.findings.extend(_differing(sources.session, again, depends))
    return tasks


def _graph(
    sources: Sources, registry: Registry, details: Details, ids: Sequence[tuple[Named, Source]]
) -> tuple[Source, tuple[Entry, ...]]:
    """The graph of the analysis; else the one that team-session.json carries; else what the tasks themselves state."""
    analysis = sources.analysis
    if not isinstance(analysis.root, Object):
        if analysis.root is not None:
            analysis.wrong(analysis.root, "the whole file", "an object")
        return analysis, ()
    member = analysis.member(analysis.root, "dependency_graph")
    if member is not None:
        entries = read_entries(analysis, member.value)
        analysis.findings.extend(departures(analysis, entries))
        if isinstance(member.value, Object) and not entries:
            analysis.findings.append(say.NO_GRAPH.at(member.line, file=ANALYSIS_FILE, reason="has no task"))
        return analysis, entries
    if isinstance(registry.graph, Object) and registry.graph.members:
        _say_elsewhere(analysis, analysis.root, "pipeline.dependency_graph of team-session.json")
        entries = read_entries(sources.session, registry.graph)
        sources.session.findings.extend(departures(sources.session, entries))
        return sources.session, entries
    own = _stated_by_tasks(details, [named for named, where in ids if where is analysis], analysis)
    if own:
        _say_elsewhere(analysis, analysis.root, "what each task says it waits for")
        return analysis, own
    analysis.findings.append(say.NO_GRAPH.at(None, file=ANALYSIS_FILE, reason="is missing"))
    return analysis, ()


def _stated_by_tasks(details: Details, ids: Sequence[Named], source: Source) -> tuple[Entry, ...]:
    """The graph that the tasks themselves state; nothing when one of them does not say what it waits for."""
    entries: dict[str, Entry] = {}
    for named in ids:
        entry = entry_of_task(details, named, source)
        if entry is None:
            return ()
        entries.setdefault(named.id.casefold(), entry)
    return tuple(entries.values())


def _say_elsewhere(analysis: Source, root: Object, found: str) -> None:
    said = say.FIELD_ELSEWHERE.at(root.line, file=ANALYSIS_FILE, found=found, wanted="dependency_graph")
    analysis.findings.append(said)


def _not_in_graph(source: Source, ids: Sequence[Named], graph: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for named in ids:
        if named.id.casefold() not in graph:
            yield say.NOT_IN_GRAPH.at(named.line, file=source.file, id=named.id)


def _differing(source: Source, entries: Sequence[Entry], graph: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Where a second statement of the dependencies says something else than the graph; `graph` is by lower case."""
    for entry in entries:
        there = graph.get(entry.named.id.casefold())
        here = {named.id.casefold(): named.id for named in entry.depends}
        if there is not None and set(here) != {name.casefold() for name in there}:
            yield say.GRAPHS_DIFFER.at(
                entry.named.line,
                file=source.file,
                id=entry.named.id,
                here=", ".join(here.values()) or "nothing",
                there=", ".join(there) or "nothing",
            )
