"""Redis, SendGrid and the templates."""
