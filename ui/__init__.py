"""Gradio pages and the command line. Stands on rag and evals."""
