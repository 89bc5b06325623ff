"""The rollback commit: the tree of the commit that the run began at, on top of what is there now."""

from __future__ import annotations

from bot.github import git_data
from bot.github.errors import Conflict, HeadMoved
from bot.runs.effects import RollBack
from bot.service.record import Note, Result, commit_message, landed
from bot.service.target import Target


async def roll_back(target: Target, effect: RollBack, noted: Result, note: Note) -> Result:
    """One commit, on exactly the head that was confirmed. Raises GitHubError; a push in between makes it fail."""
    found = await landed(target, effect.branch, noted)
    if found is not None:
        return found
    if await git_data.read_ref(target.client, target.repo, effect.branch) != effect.head:
        raise Conflict("The branch moved after the rollback was confirmed: say /rollback again to see what it would do")
    goal = await git_data.commit(target.client, target.repo, effect.to)
    message = commit_message(effect.subject, effect.trailers)

    async def prepared(sha: str) -> None:
        await note({"commit": sha})

    try:
        made = await git_data.commit_tree(
            target.client, target.repo, effect.branch, effect.head, goal.tree_sha, message, on_prepared=prepared
        )
    except HeadMoved as error:
        raise Conflict("The branch moved while it was rolled back: say /rollback again") from error
    return {"commit": made.sha}
