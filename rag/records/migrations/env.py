"""Alembic's entry: runs the migrations on the connection that `rag.records.database` passes in."""

from alembic import context

from rag.records.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
