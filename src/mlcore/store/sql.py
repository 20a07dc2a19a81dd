"""Statements that SQLAlchemy has no portable word for."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import Column, Table, TextClause, text

_T = TypeVar("_T")


def insertion(
    table: Table, *, leave_out: frozenset[str] = frozenset({"id"}), strict: bool = False
) -> TextClause:
    """INSERT with one bind parameter per column, named as the column, that does nothing where the row exists.

    ON CONFLICT DO NOTHING is written alike for SQLite (3.24) and PostgreSQL. leave_out: columns that the
    database fills. strict: a row that exists is an IntegrityError."""
    columns: list[Column[object]] = [column for column in table.columns if column.name not in leave_out]
    names = ", ".join(f'"{column.name}"' for column in columns)  # quoted: `user` is a word of SQL
    values = ", ".join(f":{column.name}" for column in columns)
    otherwise = "" if strict else " ON CONFLICT DO NOTHING"
    return text(f"INSERT INTO {table.name} ({names}) VALUES ({values}){otherwise}")  # noqa: S608  (names of our own tables)


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Lists of `size` items, the last one shorter; an iterator is never held as a whole."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
