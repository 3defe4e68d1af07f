"""Lua scripts, one per verb of the stores in Redis."""
