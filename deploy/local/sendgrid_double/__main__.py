"""`python -m deploy.local.sendgrid_double --port N`: serve on the loopback address until SIGTERM or Ctrl-C."""

import argparse
from datetime import UTC, datetime

import uvloop
from aiohttp import web

from deploy.local.ports import LOOPBACK
from deploy.local.sendgrid_double.app import build_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.sendgrid_double", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    app = build_app(lambda: datetime.now(UTC))
    # No access log: it would cost more than the answer. 1 s is enough to finish what is in flight.
    web.run_app(
        app, host=LOOPBACK, port=port, access_log=None, shutdown_timeout=1, loop=uvloop.new_event_loop(), print=None
    )


if __name__ == "__main__":
    main()
