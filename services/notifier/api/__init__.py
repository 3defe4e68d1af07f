"""The HTTP interface, one thing per file."""
