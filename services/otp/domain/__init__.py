"""The rules of a passcode, without I/O."""
