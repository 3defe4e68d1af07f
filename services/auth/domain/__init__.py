"""Who is asked for what, without I/O."""
