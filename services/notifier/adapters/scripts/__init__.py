"""Lua scripts, one per verb of the claims."""
