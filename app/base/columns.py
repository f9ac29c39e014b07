"""The few ways a column is written in this product, so that every table looks alike.

class Gift(db.Model):
    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id")
    amount_cents: Mapped[int] = cents_column()
    state: Mapped[GiftState] = state_column(GiftState)
    paid_at: Mapped[datetime | None] = instant_column(nullable=True)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    TypeDecorator,
    event,
    type_coerce,
)
from sqlalchemy.orm import MappedColumn, mapped_column

from app.base.ids import new_id
from app.base.states import Labelled

# On SQLite only INTEGER primary keys are the row itself; 64 bits either way.
Big = BigInteger().with_variant(Integer(), "sqlite")

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. Naive values are refused going in; what comes out is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime says nothing about when")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def id_column() -> MappedColumn[int]:
    """Primary key, made in the application (base/ids.py)."""
    return mapped_column(Big, primary_key=True, default=new_id, autoincrement=False)


def reference_column(
    target: str, *, nullable: bool = False, index: bool = True, ondelete: str | None = None, **kwargs: Any
) -> MappedColumn[Any]:
    """Foreign key, named by string: `reference_column("supporter.id")`. Indexed unless told not to."""
    return mapped_column(Big, ForeignKey(target, ondelete=ondelete), nullable=nullable, index=index, **kwargs)


def cents_column(*, nullable: bool = False, **kwargs: Any) -> MappedColumn[Any]:
    """Integer cents. Pair it with `whole("amount_cents")` in __table_args__."""
    return mapped_column(Big, nullable=nullable, **kwargs)


def whole(*columns: str) -> tuple[CheckConstraint, ...]:
    """Constraints that keep all but whole numbers out, also past the ORM: `__table_args__ = whole("amount_cents")`.

    Written so that both databases understand it: text and 12.5 fail the comparison on SQLite,
    and PostgreSQL's bigint holds nothing else.
    """
    return tuple(CheckConstraint(f"{c} = CAST({c} AS BIGINT)", name=f"{c}_whole") for c in columns)


def positive(*columns: str) -> tuple[CheckConstraint, ...]:
    return tuple(CheckConstraint(f"{c} > 0", name=f"{c}_positive") for c in columns)


L = TypeVar("L", bound=Labelled)


def state_column(states: type[L], *, nullable: bool = False, **kwargs: Any) -> MappedColumn[Any]:
    """A labelled enum, stored as its value, checked by the database too (by a constraint of the column's name)."""
    kind = Enum(
        states, native_enum=False, create_constraint=False, validate_strings=True, length=40,
        values_callable=lambda enum: [member.value for member in enum],
    )  # fmt: skip
    column = mapped_column(kind, nullable=nullable, **kwargs)
    checked: set[str] = set()

    def check(column: Column[Any], table: Table) -> None:
        # Named after the column, since a history table has two columns of one enum (before, after).
        # A mixin's column goes to several tables; a table that is copied brings its constraints along.
        if table.name not in checked:
            checked.add(table.name)
            known = type_coerce(column, String()).in_(kind.enums)
            table.append_constraint(CheckConstraint(known, name=f"{column.name}_one_of"))

    event.listen(column.column, "after_parent_attach", check, propagate=True)
    return column


def instant_column(*, nullable: bool = False, **kwargs: Any) -> MappedColumn[Any]:
    """An instant, aware UTC."""
    return mapped_column(UtcDateTime, nullable=nullable, **kwargs)


def text_column(length: int | None = 200, *, nullable: bool = False, **kwargs: Any) -> MappedColumn[Any]:
    """Text of at most `length` characters, or without limit (`None`)."""
    return mapped_column(String(length) if length else Text, nullable=nullable, **kwargs)
