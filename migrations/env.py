"""How Alembic speaks to our databases; app/extensions/migrating.py explains why."""

from __future__ import annotations

from alembic import context

from app.extensions import db, migrating
from app.extensions.trigger_operations import drop_unused_functions

if context.is_offline_mode():
    raise SystemExit("Migrations run against a database; there is no --sql mode.")

# One transaction around all: begun before Alembic looks, so that it leaves committing to us.
with migrating.alone(), migrating.connection() as connection, connection.begin():
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
        render_item=migrating.render_item,
        process_revision_directives=migrating.add_triggers,
    )
    with migrating.keeping_triggers(connection):
        context.run_migrations()
    drop_unused_functions(connection)  # a dropped table takes its triggers with it, but not what they call
    migrating.check_foreign_keys(connection)
