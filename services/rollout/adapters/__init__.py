"""PostgreSQL, behind the ports that the use cases declare."""
