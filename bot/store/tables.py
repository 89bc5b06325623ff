"""The tables. What migrations build and what these say is compared in a test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

SHA_LENGTH: Final = 64
GUID_LENGTH: Final = 128


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always timezone-aware and in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _WithoutNul(TypeDecorator[str]):
    """PostgreSQL keeps no NUL in text, so that neither database is given one."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.replace("\0", "\ufffd")


class Words(_WithoutNul):
    """Text of any length."""

    impl = Text
    cache_ok = True


class Name(_WithoutNul):
    """Text of a bounded length."""

    impl = String
    cache_ok = True


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _pull_columns(*, primary_key: bool = False) -> tuple[Column[Any], Column[Any]]:
    return (
        Column("repository_id", BigInteger, primary_key=primary_key, nullable=False, autoincrement=False),
        Column("number", Integer, primary_key=primary_key, nullable=False, autoincrement=False),
    )


def _of_a_pull() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["repository_id", "number"], ["pulls.repository_id", "pulls.number"])


deliveries = Table(
    "deliveries",
    metadata,
    Column("guid", Name(GUID_LENGTH), primary_key=True),
    Column("event", Name(100), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("routed_at", UtcDateTime),
    Column("handled_at", UtcDateTime),
    Column("ignored", Words),
)
Index(
    "ix_deliveries_unrouted",
    deliveries.c.received_at,
    sqlite_where=deliveries.c.routed_at.is_(None),
    postgresql_where=deliveries.c.routed_at.is_(None),
)
Index("ix_deliveries_handled_at", deliveries.c.handled_at)

pulls = Table(
    "pulls",
    metadata,
    *_pull_columns(primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("full_name", Name(300), nullable=False),
    Column("is_open", Boolean(create_constraint=False), nullable=False),
    Column("head_sha", Name(SHA_LENGTH)),
    Column("head_seen_at", UtcDateTime),
    Column("base_ref", Name(1000)),
    Column("wake_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime),
    Column("last_error", Words),
)
Index("ix_pulls_repository_id_head_sha", pulls.c.repository_id, pulls.c.head_sha)
Index(
    "ix_pulls_waiting",
    pulls.c.wake_at,
    sqlite_where=pulls.c.wake_at.is_not(None),
    postgresql_where=pulls.c.wake_at.is_not(None),
)

delivery_targets = Table(
    "delivery_targets",
    metadata,
    Column("guid", ForeignKey("deliveries.guid", ondelete="CASCADE"), primary_key=True),
    *_pull_columns(primary_key=True),
    Column("handled_at", UtcDateTime),
    _of_a_pull(),
)
Index(
    "ix_delivery_targets_unhandled",
    delivery_targets.c.repository_id,
    delivery_targets.c.number,
    sqlite_where=delivery_targets.c.handled_at.is_(None),
    postgresql_where=delivery_targets.c.handled_at.is_(None),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Name(100), primary_key=True),
    *_pull_columns(),
    Column("ordinal", Integer, nullable=False),
    Column("state", Words, nullable=False),
    Column("is_live", Boolean(create_constraint=False), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    _of_a_pull(),
)
Index("uq_runs_repository_id_number_ordinal", runs.c.repository_id, runs.c.number, runs.c.ordinal, unique=True)
Index(
    "uq_runs_one_live_per_pull",
    runs.c.repository_id,
    runs.c.number,
    unique=True,
    sqlite_where=text("is_live"),
    postgresql_where=text("is_live"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Name(50), nullable=False),
    Column("actor", Name(200), nullable=False),
    Column("text", Words, nullable=False),
    Column("commit_sha", Name(SHA_LENGTH)),
    Column("block", Words),
    Column("comment_id", BigInteger),
)

effects = Table(
    "effects",
    metadata,
    Column("key", Name(300), primary_key=True),
    *_pull_columns(),
    Column("seq", Integer, nullable=False),
    Column("run_id", ForeignKey("runs.id")),
    Column("kind", Name(50), nullable=False),
    Column("payload", Words, nullable=False),
    Column("state", Name(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime),
    Column("error", Words),
    Column("result", Words),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    _of_a_pull(),
)
Index(
    "ix_effects_open",
    effects.c.repository_id,
    effects.c.number,
    effects.c.seq,
    sqlite_where=effects.c.finished_at.is_(None),
    postgresql_where=effects.c.finished_at.is_(None),
)
Index("ix_effects_run_id", effects.c.run_id)

handled_comments = Table(
    "handled_comments",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("comment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("handled_at", UtcDateTime, nullable=False),
)

checklists = Table(
    "checklists",
    metadata,
    *_pull_columns(primary_key=True),
    Column("run_id", ForeignKey("runs.id")),
    Column("comment_id", BigInteger, nullable=False),
    Column("digest", Name(128), nullable=False),
    Column("awaiting_head", Name(SHA_LENGTH)),
    Column("awaiting_block", Words),
    Column("awaiting_at", UtcDateTime),
    _of_a_pull(),
)

checks = Table(
    "checks",
    metadata,
    *_pull_columns(primary_key=True),
    Column("head_sha", Name(SHA_LENGTH), primary_key=True),
    Column("name", Name(200), primary_key=True),
    Column("check_run_id", BigInteger, nullable=False),
    Column("digest", Name(128), nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    _of_a_pull(),
)

merge_groups = Table(
    "merge_groups",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("head_sha", Name(SHA_LENGTH), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("base_ref", Name(1000), nullable=False),
    Column("check_runs", Words, nullable=False, server_default="{}"),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("begun_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    _of_a_pull(),
)
Index(
    "ix_merge_groups_unanswered",
    merge_groups.c.repository_id,
    merge_groups.c.number,
    sqlite_where=merge_groups.c.answered_at.is_(None),
    postgresql_where=merge_groups.c.answered_at.is_(None),
)

issue_commands = Table(
    "issue_commands",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("comment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("full_name", Name(300), nullable=False),
    Column("author", Name(200), nullable=False),
    Column("author_id", BigInteger, nullable=False),
    Column("body", Words, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime),
    Column("last_error", Words),
    Column("handled_at", UtcDateTime),
)
Index(
    "ix_issue_commands_unhandled",
    issue_commands.c.written_at,
    sqlite_where=issue_commands.c.handled_at.is_(None),
    postgresql_where=issue_commands.c.handled_at.is_(None),
)

repositories = Table(
    "repositories",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("policy_generation", Integer, nullable=False, server_default="0"),
)

chores = Table(
    "chores",
    metadata,
    Column("name", Name(50), primary_key=True),
    Column("begun_at", UtcDateTime, nullable=False),
)
