"""Lua scripts, one per verb of a store."""
