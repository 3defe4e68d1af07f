"""`python -m deploy.local.sendgrid_double --port N [--webhook URL]`: serve on the loopback address until SIGTERM or
Ctrl-C. What becomes of the mails is reported to the webhook's URL, signed with the key in SENDGRID_WEBHOOK_KEY."""

import argparse
import os
from datetime import UTC, datetime

import uvloop
from aiohttp import web

from deploy.local.ports import LOOPBACK
from deploy.local.sendgrid_double.app import build_app
from deploy.local.sendgrid_double.event_webhook import WEBHOOK_KEY, EventWebhook


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.sendgrid_double", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook", metavar="URL")
    args = parser.parse_args()
    webhook = EventWebhook(args.webhook, os.environ[WEBHOOK_KEY]) if args.webhook else None
    app = build_app(lambda: datetime.now(UTC), webhook)
    # No access log: it would cost more than the answer. 1 s is enough to finish what is in flight.
    loop = uvloop.new_event_loop()
    web.run_app(app, host=LOOPBACK, port=args.port, access_log=None, shutdown_timeout=1, loop=loop, print=None)


if __name__ == "__main__":
    main()
