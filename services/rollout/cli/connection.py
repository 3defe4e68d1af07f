"""Where rollout is, and who asks. The token comes from the environment or a file: everybody may see arguments."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from services.rollout.cli.exits import Exit, Stopped

# The second is what the commands of other services take (docs/operators.md): one token, set once.
VARIABLES: Final = ("GATEPOST_TOKEN", "GATEPOST_OPERATOR_TOKEN")
PATIENCE_S: Final = 10.0  # more than rollout waits for PostgreSQL


def connected(url: str, token_file: Path | None) -> httpx.Client:
    """Certificates are verified, a private authority by SSL_CERT_FILE; no redirect is followed with the token. Raises:
    Stopped."""
    headers = {"Authorization": f"Bearer {_token(token_file)}", "User-Agent": "gatepost"}
    return httpx.Client(base_url=_checked(url), headers=headers, timeout=PATIENCE_S, follow_redirects=False)


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Stopped(Exit.USAGE, "--url or GATEPOST_ROLLOUT_URL: http(s)://HOST[:PORT], without a name or a password")
    return url.rstrip("/")


def _token(file: Path | None) -> str:
    where = VARIABLES[0] if file is None else str(file)
    try:
        text = _of_environment() if file is None else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Stopped(Exit.USAGE, f"--token-file {file}: {type(error).__name__}") from None
    token = text.strip()
    if not token:
        raise Stopped(Exit.USAGE, f"no token in {where}: set it, or name a file with --token-file")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise Stopped(Exit.USAGE, f"what {where} has is no token: ASCII without spaces")
    return token


def _of_environment() -> str:
    return next((value for name in VARIABLES if (value := os.environ.get(name))), "")
