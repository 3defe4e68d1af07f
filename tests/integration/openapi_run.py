"""Schemathesis against a service that is served: does it answer as its description says?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

CHECKS: Final = {
    "enabled": False,
    # A dependency that is missing is a documented answer.
    "not_a_server_error": {"enabled": True, "expected-statuses": ["2xx", "3xx", "4xx", 503]},
    "status_code_conformance": {"enabled": True},
    "content_type_conformance": {"enabled": True},
    "response_schema_conformance": {"enabled": True},
    "negative_data_rejection": {"enabled": True},
    "ignored_auth": {"enabled": True},
}
EXAMPLES: Final = 25

ENDLESS: Final = "^/(internal/.+|v1)/events$"
"""Its answer lasts as long as a challenge: tests/integration/otp/test_four_instances.py reads it."""

Credentials = Mapping[str, str]
"""Regular expression of a path → `Authorization` for it; no two fit the same path."""


@dataclass
class Run:
    """`answered` are the operations that gave a 2xx to something; `failures`: what was wrong → the first such call."""

    tested: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)


def run(url: str, credentials: Credentials) -> Run:
    """Blocks; the same cases in every run."""
    done = Run()
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=_config(credentials))
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(label=str(label), status=status, recorder=recorder) if recorder.interactions:
                done.tested.add(label)
                responses = [each.response for each in recorder.interactions.values()]
                if any(response is not None and response.status_code < 300 for response in responses):
                    done.answered.add(label)
                if status is not Status.SUCCESS:
                    done.failures = dict(_failures(event)) | done.failures
            case events.NonFatalError(label=label, value=error):
                done.failures[label] = repr(error)
            case events.FatalError(exception=error):
                done.failures["schemathesis"] = repr(error)
    return done


@schemathesis.serializer("application/x-ndjson")
def _lines(_: schemathesis.SerializationContext, body: object) -> bytes:
    return str(body).encode()


def _config(credentials: Credentials) -> SchemathesisConfig:
    operations: list[dict[str, Any]] = [
        {"include-path-regex": path, "headers": {"Authorization": value}} for path, value in credentials.items()
    ]
    # Of an import, each line is judged by itself: a bad one is reported, and the request accepted.
    lines_of_any_kind = {"negative_data_rejection": {"enabled": False}}
    operations.append({"include-path-regex": "^/v1/admin/imports/[^/]+$", "checks": lines_of_any_kind})
    operations.append({"include-path-regex": ENDLESS, "enabled": False})
    # Nobody else is there, so that whoever waits does so to the end.
    operations.append({"include-path-regex": "/propagation$", "parameters": {"wait_s": 0}})
    return SchemathesisConfig.from_dict(
        {
            "seed": 20_261_124,
            "continue-on-failure": True,
            "checks": CHECKS,
            "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none", "no-shrink": True},
            "phases": {"stateful": {"enabled": False}},
            "operations": operations,
        }
    )


def _failures(event: events.ScenarioFinished) -> Iterator[tuple[str, str]]:
    for case_id, checks in event.recorder.checks.items():
        sent = event.recorder.cases[case_id].value.as_curl_command()[:600]
        for check in checks:
            if check.failure_info is not None:
                yield f"{event.label}: {check.failure_info.failure}", sent
