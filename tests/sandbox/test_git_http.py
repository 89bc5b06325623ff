"""Real git against the sandbox: clone, push, and what follows from a push."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox import Sandbox, control
from tests.sandbox.conftest import Api, HookBox, open_pull

AsUser = Callable[[str], Api]


@dataclass
class Git:
    """A working copy, and git with a fixed author."""

    folder: Path
    sandbox: Sandbox

    def url(self, token: str | None, repo: str = "acme/shop") -> str:
        who = f"x-access-token:{token}@" if token else ""
        return self.sandbox.url.replace("//", f"//{who}") + f"/{repo}.git"

    async def __call__(self, *arguments: str) -> tuple[int, str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        process = await asyncio.create_subprocess_exec(
            *("git", "-c", "user.name=Coda", "-c", "user.email=coda@agents.example", "-c", "credential.helper="),
            *arguments,
            cwd=self.folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def commit(self, path: str, text: str) -> str:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        await self("add", ".")
        await self("commit", "-m", f"Write {path}")
        return (await self("rev-parse", "HEAD"))[1].strip()


@pytest.fixture
def git(sandbox: Sandbox, tmp_path: Path) -> Git:
    return Git(tmp_path, sandbox)


async def test_what_is_pushed_is_there_and_announced(sandbox: Sandbox, git: Git, hookbox: HookBox, as_bot: Api) -> None:
    assert (await git("clone", git.url(sandbox.tokens["coda"]), "."))[0] == 0
    assert (git.folder / "src/shop/cart.py").exists()
    await git("checkout", "-b", "feature/totals")
    sha = await git.commit("src/shop/money.py", "CENTS = 100\n")
    assert (await git("push", "origin", "feature/totals"))[0] == 0
    found = await as_bot("GET", "/repos/acme/shop/git/ref/heads/feature/totals")
    assert found.body["object"]["sha"] == sha
    await sandbox.settle()
    push = hookbox.last("push")
    assert (push["after"], push["created"], push["pusher"]["name"]) == (sha, True, "coda")
    assert push["commits"][0]["added"] == ["src/shop/money.py"]
    assert hookbox.last("check_suite.requested")["check_suite"]["head_sha"] == sha


async def test_a_push_to_the_head_synchronizes_the_pull_request(
    sandbox: Sandbox, git: Git, hookbox: HookBox, as_user: AsUser
) -> None:
    opened = await open_pull(as_user("coda"))
    await git("clone", "-b", "feature/x", git.url(sandbox.tokens["coda"]), ".")
    sha = await git.commit("more.txt", "more\n")
    await git("push", "origin", "feature/x")
    await sandbox.settle()
    event = hookbox.last("pull_request.synchronize")
    assert (event["before"], event["after"]) == (opened["head"]["sha"], sha)
    assert event["pull_request"]["head"]["sha"] == sha
    listed = (await git("ls-remote", "origin"))[1]
    assert f"{sha}\trefs/pull/1/head" in listed


async def test_a_forced_push_says_so(sandbox: Sandbox, git: Git, hookbox: HookBox, as_user: AsUser) -> None:
    await open_pull(as_user("coda"))
    await git("clone", "-b", "feature/x", git.url(sandbox.tokens["coda"]), ".")
    await git("commit", "--amend", "-m", "Anew")
    assert (await git("push", "origin", "feature/x"))[0] != 0
    assert (await git("push", "--force", "origin", "feature/x"))[0] == 0
    await sandbox.settle()
    assert hookbox.last("push")["forced"]


async def test_a_deleted_branch_closes_its_pull_request(
    sandbox: Sandbox, git: Git, hookbox: HookBox, as_user: AsUser
) -> None:
    await open_pull(as_user("coda"))
    await git("clone", git.url(sandbox.tokens["coda"]), ".")
    assert (await git("push", "origin", "--delete", "feature/x"))[0] == 0
    await sandbox.settle()
    assert not hookbox.last("pull_request.closed")["pull_request"]["merged"]


async def test_commits_that_reach_the_base_by_push_merge_the_pull_request(
    sandbox: Sandbox, git: Git, hookbox: HookBox, as_user: AsUser
) -> None:
    await open_pull(as_user("coda"))
    await git("clone", git.url(sandbox.tokens["coda"]), ".")
    await git("merge", "--no-ff", "-m", "Merge", "origin/feature/x")
    assert (await git("push", "origin", "main"))[0] == 0
    await sandbox.settle()
    assert hookbox.last("pull_request.closed")["pull_request"]["merged"]


@pytest.mark.parametrize(("login", "works"), [("ada", True), ("tom", False), ("rita", False), ("oscar", False)])
async def test_pushing_needs_the_write_role(sandbox: Sandbox, git: Git, login: str, works: bool) -> None:
    await git("clone", git.url(sandbox.tokens[login]), ".")
    await git.commit("x.txt", "x\n")
    code, output = await git("push", "origin", "HEAD:refs/heads/topic")
    assert (code == 0) is works
    assert works or "403" in output


async def test_a_private_repository_is_cloned_with_a_token_only(sandbox: Sandbox, git: Git) -> None:
    assert (await git("clone", git.url(None, "acme/ledger"), "a"))[0] != 0
    assert (await git("clone", git.url(sandbox.tokens["oscar"], "acme/ledger"), "b"))[0] != 0
    assert (await git("clone", git.url(sandbox.tokens["rita"], "acme/ledger"), "c"))[0] == 0
    assert (await git("clone", git.url(sandbox.installation_token(), "acme/ledger"), "d"))[0] == 0


async def test_an_app_without_the_workflows_permission_cannot_push_a_workflow(sandbox: Sandbox, git: Git) -> None:
    await git("clone", git.url(sandbox.installation_token()), ".")
    await git.commit(".github/workflows/more.yml", "on: push\n")
    code, output = await git("push", "origin", "HEAD:refs/heads/wf")
    assert code != 0
    assert "without `workflows` permission" in output
    assert sandbox.repo("acme/shop").git.branch("wf") is None


async def test_a_protected_branch_takes_no_push(sandbox: Sandbox, git: Git) -> None:
    control.protect(sandbox.repo("acme/shop"), "main", {}, pull_request=True)
    before = sandbox.repo("acme/shop").git.branch("main")
    await git("clone", git.url(sandbox.tokens["ada"]), ".")
    await git.commit("x.txt", "x\n")
    code, output = await git("push", "origin", "main")
    assert code != 0
    assert "protected branch hook declined" in output
    assert sandbox.repo("acme/shop").git.branch("main") == before


async def test_a_push_of_several_megabytes_arrives_in_one_piece(sandbox: Sandbox, git: Git, as_bot: Api) -> None:
    await git("clone", git.url(sandbox.tokens["coda"]), ".")
    (git.folder / "big.bin").write_bytes(os.urandom(3_000_000))
    await git.commit("note.txt", "with a big file\n")
    code, output = await git("push", "origin", "HEAD:refs/heads/big")
    assert code == 0, output
    found = await as_bot("GET", "/repos/acme/shop/git/trees/big")
    assert {"big.bin": 3_000_000}.items() <= {one["path"]: one.get("size") for one in found.body["tree"]}.items()
