"""Here lives how values of our domain are kept in columns."""

from datetime import UTC, datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model


def milliseconds(at: datetime) -> int:
    """Epoch milliseconds of an aware datetime: the form of every instant in the database."""
    return int(at.timestamp() * 1000)


def instant(value: int) -> datetime:
    """The aware UTC datetime of epoch milliseconds."""
    return datetime.fromtimestamp(value / 1000, UTC)


class Short(fields.CharField[str]):
    """What strangers and platforms call things: cut to what fits, because an odd name is no reason to lose a person."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        fitting = value.replace("\0", "")[: self.max_length] if isinstance(value, str) else value
        return super().to_db_value(fitting, instance)


class Octets(fields.Field[bytes], bytes):  # type: ignore[misc]
    """Bytes that can be searched in order: BLOB on SQLite, BYTEA on PostgreSQL, compared byte by byte by both."""

    SQL_TYPE = "BLOB"

    class _db_postgres:  # noqa: N801 - Tortoise's name for it
        SQL_TYPE = "BYTEA"


class Instant(fields.BigIntField):
    """An aware datetime in Python, epoch milliseconds in the database: the same integers for raw SQL everywhere."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:  # noqa: ARG002 - Tortoise's signature
        return milliseconds(value) if isinstance(value, datetime) else value

    def to_python_value(self, value: Any) -> Any:
        return instant(value) if isinstance(value, int) else value
