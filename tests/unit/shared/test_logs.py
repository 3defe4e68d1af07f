"""One JSON object a line, with the trace; never what an exception or a variable held."""

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from shared.logs import configure_logs

CANARY = "kim@customer.example 402817"


@pytest.fixture
def lines() -> Iterator[Any]:
    """Everything logged so far, as objects; logging is put back as it was."""
    root = logging.getLogger()
    before, level, configured = list(root.handlers), root.level, structlog.get_config()
    root.handlers[:] = []
    with contextlib.redirect_stdout(io.StringIO()) as output:
        configure_logs("auth", "INFO")
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**configured)


def failing(secret: str) -> None:
    copied = secret  # a local variable, as tracebacks with locals would show
    try:
        raise KeyError(copied)
    except KeyError as error:
        raise ValueError(f"bad: {copied}") from error


def test_a_line_is_a_json_object_with_service_level_and_time(lines: Any) -> None:
    structlog.get_logger().info("challenge_issued", challenge_id="c1")
    (line,) = lines()

    assert {
        "event": "challenge_issued",
        "challenge_id": "c1",
        "service": "auth",
        "level": "info",
    }.items() <= line.items()
    assert line["timestamp"].endswith("Z")


def test_a_library_that_logs_gives_the_same_kind_of_line(lines: Any) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid %s", "request")
    (line,) = lines()

    assert (line["event"], line["level"], line["service"]) == ("Invalid request", "warning", "auth")
    assert line["logger"] == "uvicorn.error"


def test_below_the_level_there_is_nothing(lines: Any) -> None:
    structlog.get_logger().debug("quiet")
    logging.getLogger("uvicorn").debug("quiet")

    assert lines() == []


@pytest.mark.parametrize("name", ["sendgrid", "python_http_client", "asyncpg", "sqlalchemy.engine", "aiohttp.client"])
def test_libraries_that_print_bodies_are_kept_quiet(lines: Any, name: str) -> None:
    logging.getLogger(name).info(CANARY)

    assert lines() == []


def test_a_line_inside_a_span_names_its_trace(lines: Any) -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("x") as span:
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    inside, outside = lines()

    assert inside["trace_id"] == format(span.get_span_context().trace_id, "032x")
    assert inside["span_id"] == format(span.get_span_context().span_id, "016x")
    assert "trace_id" not in outside


@pytest.mark.parametrize("through", ["structlog", "logging"])
def test_an_exception_shows_types_and_places_and_no_content(lines: Any, through: str) -> None:
    logger = structlog.get_logger() if through == "structlog" else logging.getLogger("uvicorn.error")
    try:
        failing(CANARY)
    except ValueError as error:
        logger.error("broken", exc_info=error)
    (line,) = lines()

    assert [each["type"] for each in line["exception"]] == ["ValueError", "KeyError"]
    assert line["exception"][0]["frames"][-1]["name"] == "failing"
    assert "kim" not in json.dumps(line)


async def test_a_task_that_nobody_awaited_does_not_show_its_exception(lines: Any) -> None:
    """asyncio's own report quotes the exception in its text, not only in its traceback."""
    loop = asyncio.get_running_loop()
    loop.call_exception_handler(
        {
            "message": "Task exception was never retrieved",
            "exception": ValueError(CANARY),
            "task": f"<Task finished exception=ValueError('{CANARY}')>",
        }
    )
    (line,) = lines()

    assert line["level"] == "error"
    assert line["exception"][0]["type"] == "ValueError"
    assert "kim" not in json.dumps(line)
