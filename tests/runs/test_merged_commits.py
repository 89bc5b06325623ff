"""What a merge of the base branch brought is nobody's own work, also where GitHub lists only a part of the commits."""

from __future__ import annotations

from dataclasses import replace

from bot.runs.assess import assess
from bot.runs.facts import Commit, Facts, Files, History, Progress
from tests.runs.world import World, started


def commit(sha: str, parent: str, *, is_merge: bool = False) -> Commit:
    return Commit(sha, f"Work {sha}", "coda", is_ours=False, is_merge=is_merge, parent=parent)


def own(world: World, *commits: Commit, ahead: frozenset[str] | None = None) -> list[str]:
    facts: Facts = world.facts()
    assert isinstance(facts.files, Files)
    progress = Progress(History.AHEAD, commits, (), True)
    told = replace(facts, progress=progress, files=replace(facts.files, ahead=ahead))
    return [item.sha for item in assess(world.run, told, world.now).own_commits]


def test_where_the_commits_ahead_are_not_known_only_the_branchs_own_line_counts() -> None:
    world = started()
    below = world.head
    mine, theirs = commit("a1", below), commit("b1", "old")
    merge, later = commit("c1", "a1", is_merge=True), commit("d1", "c1")
    assert own(world, mine, theirs, merge, later) == ["a1", "d1"]
    assert own(world, theirs, merge) == [], "a merge alone is no work"


def test_where_they_are_known_their_list_counts() -> None:
    world = started()
    side, merge = commit("b1", "a0"), commit("c1", "a1", is_merge=True)
    assert own(world, commit("a1", world.head), side, merge, ahead=frozenset({"a1", "b1", "c1"})) == ["a1", "b1"]
