"""Mints passcodes, keeps them in Redis, and judges what people type."""
