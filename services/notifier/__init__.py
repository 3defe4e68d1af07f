"""Sends mail, once per message id, and tells what became of it."""
