"""From every revision that was ever released, with data in place, to the newest: nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

import bot.store.migrate
from bot.runs.model import PullKey
from bot.store.errors import WrongRevision
from bot.store.migrate import check_revision, head_revision, migrate
from bot.store.store import Store
from tests.clusters import Cluster
from tests.databases import query
from tests.store.examples import NOON

MIGRATIONS = Path(bot.store.migrate.__file__).parent / "migrations"
OLDER = [step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions() if not step.is_head]
KEY = PullKey(77, 5)
ROWS = """
INSERT INTO pulls (repository_id, number, installation_id, full_name, is_open) VALUES (77, 5, 1, 'acme/shop', true);
INSERT INTO deliveries (guid, event, body, received_at) VALUES ('g-1', 'push', :body, '2026-03-02 09:00:00.000000');
INSERT INTO delivery_targets (guid, repository_id, number) VALUES ('g-1', 77, 5);
INSERT INTO effects (key, repository_id, number, seq, kind, payload, state, created_at)
    VALUES ('k', 77, 5, 1, 'reply', '{}', 'pending', '2026-03-02 09:00:00.000000');
INSERT INTO handled_comments (repository_id, comment_id, handled_at) VALUES (77, 9, '2026-03-02 09:00:00.000000');
INSERT INTO checklists (repository_id, number, comment_id, digest) VALUES (77, 5, 12, 'abc');
INSERT INTO checks (repository_id, number, head_sha, name, check_run_id, digest, saved_at)
    VALUES (77, 5, 'a1', 'stepwise/plan', 3, 'def', '2026-03-02 09:00:00.000000')
"""


@pytest.fixture
def old(database: str, server: Cluster | None, tmp_path: Path) -> str:
    """The address of a database with nothing in it."""
    return f"sqlite:///{tmp_path / 'old.db'}" if server is None else server.empty()


@pytest.mark.parametrize("revision", OLDER)
async def test_an_older_database_is_brought_forward_with_all_that_is_in_it(old: str, revision: str) -> None:
    assert migrate(old, to=revision) == (None, revision)
    for statement in ROWS.split(";\n"):
        query(old, statement, **({"body": b"{}"} if ":body" in statement else {}))
    assert migrate(old) == (revision, head_revision())
    check_revision(old)
    store = Store.open(old)
    assert [delivery.guid for delivery in await store.deliveries_for(KEY)] == ["g-1"]
    assert await store.unhandled_comments(77, {9, 10}) == {10}
    shown = await store.shown(KEY)
    assert (shown.comment_id, dict(shown.checks)["a1", "stepwise/plan"].check_run_id) == (12, 3)
    assert await store.keys_waiting(NOON) == [KEY]
    (effect,) = query(old, "SELECT state FROM effects")
    assert effect.state == "pending"
    await store.close()


@pytest.mark.postgresql
def test_a_queue_of_another_version_is_thrown_away_and_made_anew(database: str) -> None:
    query(database, "COMMENT ON SCHEMA stepwise_queue IS 'procrastinate 2.0.0'")
    with pytest.raises(WrongRevision, match="another version's: run `stepwise migrate`"):
        check_revision(database)
    migrate(database)
    check_revision(database)
    assert query(database, "SELECT * FROM stepwise_queue.procrastinate_jobs") == []
