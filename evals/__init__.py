"""Measuring the assistant: retrieval on the development set, speed, crashes. Stands on rag."""
