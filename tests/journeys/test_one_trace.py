"""One login is one trace."""

from collections.abc import Callable

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.otlp_receiver import ExportedSpan, OtlpReceiver
from tests.journeys.person import Gateway
from tests.journeys.test_canary import topic_dump
from tests.wait_until import wait_until

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
GATEWAY_SPAN = "b7ad6b7169203331"

# child: (service, name) → parent; each of them at least once
CHAIN = {
    ("gatepost-auth", "POST /v1/logins"): None,
    ("gatepost-auth", "send gatepost.auth.login-challenged.v1"): ("gatepost-auth", "POST /v1/logins"),
    ("gatepost-otp", "process gatepost.auth.login-challenged.v1"): (
        "gatepost-auth", "send gatepost.auth.login-challenged.v1"),
    ("gatepost-otp", "send gatepost.otp.passcode-issued.v1"): (
        "gatepost-otp", "process gatepost.auth.login-challenged.v1"),
    ("gatepost-notifier", "process gatepost.otp.passcode-issued.v1"): (
        "gatepost-otp", "send gatepost.otp.passcode-issued.v1"),
    ("gatepost-notifier", "POST"): ("gatepost-notifier", "process gatepost.otp.passcode-issued.v1"),
    ("gatepost-notifier", "send gatepost.notifier.email-outcome.v1"): (
        "gatepost-notifier", "process gatepost.otp.passcode-issued.v1"),
    ("gatepost-notifier", "report delivered"): ("gatepost-notifier", "process gatepost.otp.passcode-issued.v1"),
    ("gatepost-otp", "process gatepost.notifier.email-outcome.v1"): (
        "gatepost-notifier", "send gatepost.notifier.email-outcome.v1"),
    ("gatepost-rollout", "process gatepost.notifier.email-outcome.v1"): (
        "gatepost-notifier", "send gatepost.notifier.email-outcome.v1"),
}  # fmt: skip


async def test_one_login_is_one_trace_over_all_four_services(
    gateway: Gateway, people: Callable[..., list[SeedAccount]], collector: OtlpReceiver
) -> None:
    (ada,) = people(1)
    gateway.http.headers["traceparent"] = f"00-{TRACE_ID}-{GATEWAY_SPAN}-01"  # the gateway's own span
    assert (await gateway.log_in(ada)).status == 202
    del gateway.http.headers["traceparent"]
    await gateway.codes(ada.email)

    def edges() -> set[tuple[tuple[str, str], tuple[str, str] | None]]:
        spans = {span.span_id: span for span in collector.of_trace(TRACE_ID)}
        named = {span_id: (span.service, span.name) for span_id, span in spans.items()} | {GATEWAY_SPAN: None}
        return {
            ((span.service, span.name), named[span.parent_id]) for span in spans.values() if span.parent_id in named
        }

    await wait_until(lambda: edges() >= set(CHAIN.items()), within_s=20)


async def test_kafka_spans_follow_the_messaging_conventions(
    gateway: Gateway, people: Callable[..., list[SeedAccount]], collector: OtlpReceiver
) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    event_id = challenge.body["challenge_id"]

    def of_event() -> list[ExportedSpan]:
        return [
            span for span in collector.spans if span.attributes.get("messaging.message.id") == {"stringValue": event_id}
        ]

    await wait_until(lambda: len(of_event()) == 2, within_s=20)
    for span in of_event():
        assert span.attributes["messaging.system"] == {"stringValue": "kafka"}
        assert span.attributes["messaging.destination.name"] == {"stringValue": "gatepost.auth.login-challenged.v1"}
        assert span.attributes["messaging.operation.name"]["stringValue"] in ("send", "process")


async def test_what_a_caller_writes_into_baggage_does_not_reach_kafka(
    gateway: Gateway, people: Callable[..., list[SeedAccount]], system: LocalSystem
) -> None:
    (ada,) = people(1)
    gateway.http.headers["baggage"] = "user.email=canary-in-baggage"
    assert (await gateway.log_in(ada)).status == 202
    del gateway.http.headers["baggage"]
    await gateway.codes(ada.email)

    assert not any(b"canary-in-baggage" in record for record in await topic_dump(system.kafka.bootstrap))
