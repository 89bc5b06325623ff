"""What several processes have to agree on: when a policy changed, and when a chore was last begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repositories",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy_generation", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_repositories")),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
