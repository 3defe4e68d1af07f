"""`gatepost …` as operators run it against a rollout: processes of their own."""

import json
from dataclasses import dataclass
from typing import Any

from tests.integration.rollout.instance import TOKENS
from tests.integration.shared.operator_command import Answer, gatepost_told


@dataclass(frozen=True)
class Desk:
    """Where somebody of each role sits."""

    url: str

    async def run(self, role: str, *words: str, **more: str) -> Answer:
        """No answer ever has a token in it."""
        answer = await gatepost_told({"GATEPOST_ROLLOUT_URL": self.url, "GATEPOST_TOKEN": TOKENS[role], **more}, *words)
        assert not any(token in answer.out + answer.err for token in TOKENS.values())
        assert "Traceback" not in answer.err, answer.err
        return answer

    async def json(self, role: str, *words: str, code: int = 0) -> Any:
        """The one document on standard output."""
        answer = await self.run(role, *words, "--json")
        assert answer.code == code, answer
        return json.loads(answer.out)
