"""Event contracts and plumbing that every service stands on; never a business rule."""
