"""The database's history, run by `rag.records` when it opens a database."""
