"""Everything between a password and a token."""
