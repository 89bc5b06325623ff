from __future__ import annotations

from typing import Any

import pytest

from bot.github import artifacts
from bot.github.client import Client
from bot.github.errors import NotFound
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

PATH = "/repos/octo/plans/actions/runs/31/artifacts"
PAGE = "https://github.example/octo/plans/actions/runs/31"


def artifact(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "size_in_bytes": 10, "expired": False, "expires_at": None, **more}


async def test_the_artifacts_of_all_pages_are_named_with_the_page_that_people_can_open(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    link = {"link": f'<{PATH}?page=2>; rel="next"'}
    github.on("GET", PATH, Reply({"total_count": 2, "artifacts": [artifact(7, "coverage")]}, headers=link))
    github.on("GET", f"{PATH}?page=2", Reply({"total_count": 2, "artifacts": [artifact(6, "log", expired=True)]}))
    found, complete = await artifacts.of_run(client, repo, 31, run_url=PAGE)
    assert complete
    assert [(one.name, one.url, one.size, one.is_expired) for one in found] == [
        ("log", f"{PAGE}/artifacts/6", 10, True),
        ("coverage", f"{PAGE}/artifacts/7", 10, False),
    ]


async def test_the_artifacts_of_a_run_that_is_gone_are_an_error(client: Client, repo: Repo) -> None:
    with pytest.raises(NotFound):
        await artifacts.of_run(client, repo, 31, run_url=PAGE)
