"""Lua scripts, one per verb of the claims and of the suppression list."""
