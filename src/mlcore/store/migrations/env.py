"""What alembic runs: the migrations, on the connection and in the transaction that `store.upgrade` gives
it."""

from alembic import context

from mlcore.store import schema

context.configure(connection=context.config.attributes["connection"], target_metadata=schema.metadata)
context.run_migrations()
