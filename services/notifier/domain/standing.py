"""Who tells of a delivery, so that it is told once however often it is reported. Pure."""

from enum import Enum, auto


class Standing(Enum):
    """Of a report: `OURS` to tell now, for a while; being told by `ANOTHER`; `TOLD`: what it led to is on Kafka."""

    OURS = auto()
    ANOTHER = auto()
    TOLD = auto()
