"""`python -m services.rollout serve|migrate`."""

from pathlib import Path

from services.rollout.app import build
from services.rollout.settings import RolloutSettings
from shared.postgres import migrate
from shared.service_main import serve_command, service_main
from shared.settings import DatabaseSettings, read

MIGRATIONS = Path(__file__).with_name("migrations")

if __name__ == "__main__":
    service_main(
        "rollout",
        {
            "serve": lambda _: serve_command("rollout", read(RolloutSettings), build),
            "migrate": lambda _: migrate(MIGRATIONS, read(DatabaseSettings).database_url),
        },
    )
