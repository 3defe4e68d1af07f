"""`python -m services.notifier serve`."""

from functools import partial

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.service_main import serve_command, service_main
from shared.settings import read

if __name__ == "__main__":
    service_main(
        "notifier",
        {"serve": lambda _: serve_command("notifier", read(NotifierSettings), partial(build, reread=NotifierSettings))},
    )
