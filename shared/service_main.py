"""The command line of every service: `python -m services.NAME serve`, and what else it offers."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from shared.http_service import serve
from shared.logs import configure_logs
from shared.settings import ServiceSettings
from shared.telemetry_setup import configure_telemetry, trace_http

Command = Callable[[list[str]], None]


def serve_command(service: str, settings: ServiceSettings, build: Callable[[Any], Any]) -> None:
    """`build(settings)` makes the FastAPI application; it runs after logs and telemetry are up."""
    configure_logs(service, settings.log_level)
    configure_telemetry(service)
    app = build(settings)
    trace_http(app)
    serve(app, settings)


def service_main(service: str, commands: Mapping[str, Command]) -> None:
    """Run the command that the first argument names; the rest are the command's own."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}")
    parser.add_argument("command", choices=sorted(commands))
    chosen, rest = parser.parse_known_args()
    commands[chosen.command](rest)
