"""JSON lines on standard output, ours and the libraries', each with the ids of the current trace."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from opentelemetry import trace
from structlog.tracebacks import ExceptionDictTransformer

# At DEBUG these print what must not be printed: API keys, bodies, SQL parameters (FACTS, "SendGrid").
_KEPT_QUIET: Final = ("python_http_client", "sendgrid", "asyncpg", "sqlalchemy", "aiohttp", "aiokafka")
_HEARD_ON_ERROR: Final = ("gatepost.faststream",)  # it warns at every start that topics are ours to create


def _with_trace(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        entry["trace_id"] = format(context.trace_id, "032x")
        entry["span_id"] = format(context.span_id, "016x")
    return entry


class _Tracebacks:
    """Types and places of an exception and its causes; neither local variables nor messages.

    Both are where passwords, addresses and codes are: a failed validation quotes its input.
    """

    def __init__(self) -> None:
        self._transform = ExceptionDictTransformer(show_locals=False)

    def __call__(self, exc_info: structlog.typing.ExcInfo) -> list[dict[str, Any]]:
        stacks = self._transform(exc_info)
        return [{"type": stack["exc_type"], "frames": stack["frames"]} for stack in stacks]


def _first_line(record: logging.LogRecord) -> bool:
    """asyncio's report of an exception that nobody awaited quotes it on the lines below the first."""
    record.msg = str(record.msg).partition("\n")[0]
    return True


def configure_logs(service: str, level: str) -> None:
    """Call once, first thing in the process."""

    def _named(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        entry["service"] = service
        return entry

    common: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named,
        _with_trace,
        structlog.processors.ExceptionRenderer(_Tracebacks()),
    ]
    structlog.configure(
        processors=[*common, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("asyncio").addFilter(_first_line)
    for name in _KEPT_QUIET:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))
    for name in _HEARD_ON_ERROR:
        logging.getLogger(name).setLevel(logging.ERROR)
