"""What a reaction is about: one pull request, and how to reach it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.github.client import Client
from bot.github.repos import Repo
from bot.runs.model import PullKey


@dataclass(frozen=True, slots=True)
class Target:
    """The pull request to look at, and how to reach it."""

    key: PullKey
    installation_id: int
    client: Client
    repo: Repo
