"""Which database an address means."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from bot.store import postgres, sqlite
from bot.store.database import Database
from bot.store.delivery import DeliveryWriter


class Backend(Protocol):
    """What a database has to have of its own; every function raises StoreError for an address that is none of its."""

    def named(self, url: str) -> str:
        """The database as error messages call it, without any password."""

    def is_there(self, url: str) -> bool:
        """Whether there is anything to connect to; False only where `make` can change that."""

    def make(self, url: str) -> None:
        """An empty database."""

    def open_database(self, url: str) -> Database:
        """The database behind the reactions."""

    def migrating_engine(self, url: str) -> Engine:
        """An engine for one transaction of migrations."""

    def take_migration_turn(self, connection: Connection) -> None:
        """Wait until no other migration runs."""

    def delivery_writer(self, url: str) -> DeliveryWriter:
        """The inbox's way to the disk."""


def backend_of(url: str) -> Backend:
    return postgres if postgres.is_postgres(url) else sqlite
