"""`python -m services.auth serve|migrate`."""

from functools import partial
from pathlib import Path

from services.auth.app import build
from services.auth.settings import AuthSettings
from shared.postgres import migrate
from shared.service_main import serve_command, service_main
from shared.settings import DatabaseSettings, read

MIGRATIONS = Path(__file__).with_name("migrations")

if __name__ == "__main__":
    service_main(
        "auth",
        {
            "serve": lambda _: serve_command("auth", read(AuthSettings), partial(build, reread=AuthSettings)),
            "migrate": lambda _: migrate(MIGRATIONS, read(DatabaseSettings).database_url),
        },
    )
