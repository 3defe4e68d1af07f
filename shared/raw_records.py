"""FastStream hands records on as they came: shared/cloudevents.py decodes them, where the failure can be told."""

from aiokafka import ConsumerRecord
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage


async def unparsed(record: ConsumerRecord) -> KafkaMessage:
    """FastStream's own parser fails on a header that is no UTF-8, and the message with it."""
    return KafkaMessage(raw_message=record, body=b"", headers={}, consumer=FAKE_CONSUMER)


async def undecoded(message: KafkaMessage) -> object:
    return message.raw_message
