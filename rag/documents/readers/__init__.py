"""One module a format; each has `read(path, limits) -> Reading`. They run in the sandbox only (`rag.documents.sandbox`)."""
