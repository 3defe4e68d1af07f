"""The HTTP interface, one route per file."""
