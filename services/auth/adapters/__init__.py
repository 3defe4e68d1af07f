"""PostgreSQL, Argon2, JWT, the OTP service and the disk, behind the ports of the use cases."""
