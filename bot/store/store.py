"""The store: everything the reactions read and write, on one database."""

from __future__ import annotations

from typing import Self

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.store.agenda import Agendas
from bot.store.agreements import Agreements
from bot.store.backends import backend_of
from bot.store.deliveries import Deliveries
from bot.store.dispatches import Dispatches
from bot.store.effects import Effects
from bot.store.errors import StoreError
from bot.store.issue_commands import IssueCommands
from bot.store.merge_groups import MergeGroups
from bot.store.pulls import Pulls
from bot.store.reactions import Reactions
from bot.store.runs import Runs
from bot.store.views import Views


class Store(
    Deliveries, Pulls, Runs, Effects, Dispatches, Views, MergeGroups, IssueCommands, Reactions, Agreements, Agendas
):
    """All rooms of the store over one database; every method is a transaction of its own."""

    @classmethod
    def open(cls, url: str) -> Self:
        """The store at a database URL, which must be migrated already."""
        return cls(backend_of(url).open_database(url))

    async def ping(self) -> None:
        """Raise StoreError when the database cannot be reached."""
        try:
            async with self._database.reading() as connection:
                await connection.execute(text("SELECT 1 FROM deliveries LIMIT 1"))
        except SQLAlchemyError as error:
            raise StoreError(f"the database cannot be reached: {_first_line(error)}") from error

    async def close(self) -> None:
        await self._database.close()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
