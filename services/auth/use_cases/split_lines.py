"""Bytes that come in chunks, as numbered lines; never more than one line and one chunk in memory."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Final

MAX_LINE_BYTES: Final = 16_384  # the longest account with every character escaped is 14 KB


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1; `content` is None for a line that is too long; `size` includes the line break."""

    number: int
    content: bytes | None
    size: int


async def split_lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[Line]:
    """What an error of `chunks` breaks off is no line."""
    number, begun, size = 0, b"", 0
    async for chunk in chunks:
        *ends, tail = chunk.split(b"\n")
        for end in ends:
            number += 1
            size += len(end)
            yield Line(number, begun + end if size <= MAX_LINE_BYTES else None, size + 1)
            begun, size = b"", 0
        size += len(tail)
        begun = begun + tail if size <= MAX_LINE_BYTES else b""
    if size:
        yield Line(number + 1, begun if size <= MAX_LINE_BYTES else None, size)
