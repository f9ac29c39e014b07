"""A PostgreSQL database made as new again after a test, which costs a tenth of another copy of the template."""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Identifier

_ROOM = 1 << 20  # bytes of rows, dead ones too: beyond, a new copy is better
_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_SIZES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE oid >= 16384 AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"""
_OWN = {"pg_attribute": "attrelid", "pg_statistic": "starelid"}
# Whatever changes a table, trigger, function, right or the planner's knowledge writes rows here.
_SHAPE = " UNION ALL ".join(
    f"SELECT '{name}', count(*), sum(xmin::text::bigint)::text FROM {name} WHERE {_OWN.get(name, 'oid')} >= 16384"  # noqa: S608
    for name in ("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "pg_proc", "pg_namespace", "pg_statistic")
)
_VERSION = "SELECT version_num, 0, '' FROM alembic_version ORDER BY version_num"


class Lent:
    """A database that one test after the other gets, through `inside`: a superuser's connection to it."""

    def __init__(self, name: str, role: str, inside: psycopg.Connection) -> None:
        self.name = name
        self._inside = inside
        inside.execute("SET session_replication_role = replica")  # no trigger refuses, no foreign key is asked
        inside.execute(SQL("SET search_path = {}").format(Identifier(role)))
        self._shape = self._looked()

    def _looked(self) -> list[tuple[object, ...]]:
        return [*self._inside.execute(_SHAPE).fetchall(), *self._inside.execute(_VERSION).fetchall()]

    def cleaned(self) -> bool:
        """Empty every table. False where the test changed more than rows, or left many: then drop it."""
        try:
            self._inside.execute(_END_OTHERS)
            if self._looked() != self._shape:
                return False
            sizes = dict(self._inside.execute(_SIZES).fetchall())
            if sum(sizes.values()) > _ROOM:
                return False
            if sizes:
                self._inside.execute(SQL("; ").join(SQL("DELETE FROM {}").format(Identifier(name)) for name in sizes))
        except psycopg.Error:
            return False
        return True

    def close(self) -> None:
        self._inside.close()
