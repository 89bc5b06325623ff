"""The accounts and the App that every GitHub brings along."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.state import Account, App
from bot.sandbox.world import ACTIONS_APP, MERGE_QUEUE, World


def add_githubs_own(world: World, at: datetime) -> None:
    """Add what GitHub brings: the Actions App, which is never installed, and the account of the merge queue."""
    github = Account(9919, "github", "Organization", "GitHub", "support@github.com", at)
    login = "github-actions[bot]"
    bot = Account(41898282, login, "Bot", login, f"41898282+{login}@users.noreply.github.com", at)
    world.accounts.setdefault(github.login, github)
    world.accounts[bot.login] = bot
    queue = Account(118344674, MERGE_QUEUE, "Bot", MERGE_QUEUE, f"118344674+{MERGE_QUEUE}@users.noreply.github.com", at)
    world.accounts[MERGE_QUEUE] = queue
    world.apps[ACTIONS_APP] = App(
        id=ACTIONS_APP,
        slug="github-actions",
        name="GitHub Actions",
        owner=world.accounts[github.login],
        bot=bot,
        client_id="Iv1.05c79e9ad1f6bdfa",
        public_key=None,
        permissions={"actions": "write", "checks": "write", "contents": "write", "statuses": "write"},
        events=[],
        webhook_secret="",
        webhook_url=None,
        hook_id=0,
        created_at=at,
    )
