"""`python -m deploy.local`: the whole of Gatepost on this machine, until Ctrl-C or SIGTERM."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from deploy.local.announcement import announcement
from deploy.local.child_process import ChildFailed
from deploy.local.kafka_jars import ApacheKafkaUnavailable
from deploy.local.ports import HIGHEST_BASE, PortTaken
from deploy.local.ready_file import published
from deploy.local.seed_data import REGIONS
from deploy.local.system import LocalSystem


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception: nothing on the way may take it for a failure."""


def _raise_once(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the stopping
    raise StopRequested


def _say(text: str) -> None:
    print(text, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    kafka = os.environ.get("KAFKA") or "embedded"
    parser.add_argument(
        "--kafka", default=kafka, metavar="embedded|apache|HOST:PORT", help=f"default: {kafka}, from $KAFKA"
    )
    parser.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="written once everything answers, removed at the stop"
    )
    parser.add_argument("--port-base", type=int, default=8000, metavar="N", help=f"1 to {HIGHEST_BASE}; default: 8000")
    parser.add_argument(
        "--directory", type=Path, metavar="PATH", help="data and logs go there and stay; default: temporary"
    )
    parser.add_argument("--keep", action="store_true", help="keep the temporary directory")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Raises StopRequested when asked to stop, or what went wrong; nothing runs any more then."""
    begun = time.monotonic()
    ready_file: Path | None = arguments.ready_file
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)  # of a run that could not remove it
    system = LocalSystem(
        arguments.kafka, arguments.port_base, directory=arguments.directory, keep=arguments.keep, tell=_say
    )
    with system:
        ready = system.ready_document()
        with published(ready_file, ready):
            _say(announcement(ready, REGIONS, time.monotonic() - begun))
            system.supervise()


def main() -> int:
    """Exit code: 0 when asked to stop, 1 when something died or could not start."""
    arguments = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_once)
    try:
        run(arguments)
    except StopRequested:
        _say("stopped")
        return 0
    except (ChildFailed, PortTaken, ApacheKafkaUnavailable, ValueError, OSError, LookupError) as error:
        print(f"\nGatepost stopped: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
