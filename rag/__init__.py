"""The assistant: text, guides, index, retrieval, answering and records."""

__version__ = "0.1.0"
