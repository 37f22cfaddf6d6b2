"""Batches of items: rows from arguments or a file, sent as few requests, followed to their outcomes."""
