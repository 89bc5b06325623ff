"""Comments on lines of the diff: reacting to one.

GitHub has no reactions to a review itself, only to its comments: whoever commands in a review's own text gets a
comment in the conversation.
"""

from __future__ import annotations

from bot.github.client import Client
from bot.github.comments import Reaction
from bot.github.repos import Repo


async def react(client: Client, repo: Repo, comment_id: int, reaction: Reaction) -> None:
    """React to a review comment; doing it twice changes nothing. Raises NotFound when it was deleted."""
    await client.post(
        "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions",
        {"content": reaction},
        owner=repo.owner,
        repo=repo.name,
        comment_id=comment_id,
    )
