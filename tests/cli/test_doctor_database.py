"""What the doctor says of the database itself, on whichever these tests run."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.cli.doctor_database import database_findings
from bot.cli.findings import State
from tests.databases import query


async def test_a_database_with_nobody_at_it_is_in_order_but_for_that(database: str) -> None:
    found = await database_findings(database, datetime.now(UTC))
    assert [(one.check, one.state) for one in found if one.state is not State.OK] == [("process", State.WARNING)]
    assert {"database.revision", "database.writable", "queue"} <= {one.check for one in found}
    assert query(database, "SELECT count(*) FROM deliveries")[0][0] == 0


async def test_a_database_of_another_version_is_told(database: str) -> None:
    query(database, "UPDATE alembic_version SET version_num = '0001'")
    (found,) = [one for one in await database_findings(database, datetime.now(UTC)) if one.state is State.FAILED]
    assert found.check == "database.revision"
    assert "stepwise migrate" in found.says


async def test_a_server_that_is_away_is_one_line_without_its_password() -> None:
    (found,) = await database_findings("postgresql://stepwise:hunter2@127.0.0.1:9/stepwise", datetime.now(UTC))
    assert (found.check, found.state) == ("database", State.FAILED)
    assert "hunter2" not in found.says + found.remedy
