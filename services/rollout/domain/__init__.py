"""The rules of a region, without I/O."""
