"""The internal HTTP interface, for auth alone. It is not exposed to the gateway."""
