"""The seed, and the command that serves it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import jwt
import pytest

from bot.sandbox import Sandbox, SeedError, seed_files

MINIMAL = """
users: [{login: ann}]
apps: [{id: 7, slug: tiny, owner: ann, webhook: true, permissions: {contents: read}, events: [push]}]
repositories: [{name: ann/box, files: {README.md: hello}}]
installations: [{app: tiny, account: ann}]
"""


async def test_a_seed_of_ones_own(tmp_path: Path, key: str) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(MINIMAL)
    running = await Sandbox.start(seed=file, private_key_pem=key)
    try:
        assert running.app_id == 7
        assert list(running.tokens) == ["ann"]
        assert running.repo("ann/box").git.branch("main")
    finally:
        await running.stop()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("users: [", "seed.yaml"),
        ("- x", "the file: expected a mapping"),
        ("people: []", "the file: unknown key 'people'"),
        ("users: [{}]", "users[0]: 'login' is missing"),
        ("users: [{login: 7}]", "users[0].login: expected str, found 7"),
        ("users: [{login: a, age: 7}]", "users[0]: unknown key 'age'"),
        (MINIMAL.replace("name: ann/box", "name: box"), "repositories[0]: 'name' is owner/name"),
        (MINIMAL.replace("{name: ann/box,", "{name: ann/box, collaborators: {ann: king},"), "'king' is not a role"),
        (MINIMAL.replace("{name: ann/box,", "{name: ann/box, folder: nope,"), "'folder' nope does not exist"),
        (MINIMAL.replace("app: tiny", "app: huge"), "installations[0]: there is no app 'huge'"),
        (MINIMAL.replace("webhook: true", "webhook: false"), "'apps' needs one with 'webhook: true'"),
    ],
)
async def test_a_wrong_seed_names_file_and_key(tmp_path: Path, key: str, text: str, problem: str) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(text)
    with pytest.raises(SeedError) as refused:
        await Sandbox.start(seed=file, private_key_pem=key)
    assert str(refused.value).startswith(str(file))
    assert problem in str(refused.value)


async def test_every_start_has_the_same_ids(sandbox: Sandbox, key: str) -> None:
    other = await Sandbox.start(private_key_pem=key)
    try:
        for repo in sandbox.hub.world.repos.values():
            same = other.repo(repo.full_name)
            assert (same.id, same.git.refs()) == (repo.id, repo.git.refs())
        assert other.tokens == sandbox.tokens
    finally:
        await other.stop()
    assert not other.hub.directory.exists()


def test_the_blocks_of_the_shop_are_ready_to_push() -> None:
    plan = seed_files("shop/plan")
    assert "docs/exec-plans/active/2026-01-checkout-totals.md" in plan
    blocks = {name: seed_files(f"shop/blocks/{name}") for name in ("B01", "B02", "B03")}
    assert "src/shop/money.py" in blocks["B01"]
    assert "tests/test_discount.py" in blocks["B02"]
    assert "docs/checkout.md" in blocks["B03"]


async def test_the_code_of_the_blocks_works(tmp_path: Path) -> None:
    for folder in ("shop/main", "shop/plan", "shop/blocks/B01", "shop/blocks/B02", "shop/blocks/B03"):
        for name, content in seed_files(folder).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
    tests = [sys.executable, "-m", "unittest", "discover", "-s", "tests"]
    process = await asyncio.create_subprocess_exec(
        *tests, cwd=tmp_path, env={"PYTHONPATH": "src"}, stderr=asyncio.subprocess.PIPE
    )
    _, output = await process.communicate()
    assert process.returncode == 0, output.decode()


async def test_the_ledger_has_a_pull_request_with_a_plan(sandbox: Sandbox) -> None:
    ledger = sandbox.repo("acme/ledger")
    pull = ledger.pull(1)
    assert pull.is_open
    text = ledger.git.lookup(ledger.git.tree_of(pull.head_sha), "docs/exec-plans/active/2026-01-period-close.md")
    assert text is not None
    assert b"**Execution Branch:** `feature/period-close`" in (ledger.git.blob(text.sha) or b"")


COMMAND = "import typer; from bot.cli.sandbox import sandbox; typer.run(sandbox)"


async def test_the_command_prints_one_line_and_serves_until_it_is_told_to_stop() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMAND, "--json", stdout=asyncio.subprocess.PIPE, limit=2**20
    )
    assert process.stdout is not None
    told = json.loads(await process.stdout.readline())
    key = Path(told["private_key_path"])
    assert key.stat().st_mode & 0o077 == 0
    async with aiohttp.ClientSession() as session, session.get(told["control_url"]) as answer:
        about = await answer.json()
    now = about["now"]
    assert now
    assert told["tokens"]["maria"].startswith("ghp_")
    assert jwt.encode({"iss": str(told["app_id"])}, key.read_text(), algorithm="RS256")
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert not key.exists()


async def test_the_command_refuses_a_wrong_seed_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text("people: []")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMAND, "--seed", str(file), stderr=asyncio.subprocess.PIPE
    )
    _, problem = await process.communicate()
    assert process.returncode == 2
    assert problem.decode() == f"stepwise: {file}: the file: unknown key 'people'\n"
