"""The proof of document reading: files of every format and fault with what they must be read as, and its scores."""
