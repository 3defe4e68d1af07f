"""The smallest questions that tell whether a server does its job: blocking, with short deadlines, never raising."""

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 2.0


def http_status(url: str, timeout_s: float = TIMEOUT_S) -> int | None:
    """Status of a GET on `url`; None when nothing answers."""
    try:
        return http_call("GET", url, timeout_s=timeout_s)[0]
    except (OSError, http.client.HTTPException):
        return None


def http_call(
    method: str,
    url: str,
    body: object = None,
    headers: dict[str, str] | None = None,
    timeout_s: float = 10.0,
) -> tuple[int, Any]:
    """Status and parsed JSON body (None when it is not JSON). Raises OSError or HTTPException when nobody answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    payload = None if body is None else json.dumps(body)
    try:
        connection.request(method, target, payload, {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        raw = response.read()
    finally:
        connection.close()
    try:
        return response.status, json.loads(raw) if raw else None
    except ValueError:
        return response.status, None


def tcp_reply(host: str, port: int, request: bytes) -> bytes:
    """First bytes that come back for `request`; empty when nothing answers."""
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as connection:
            connection.sendall(request)
            return connection.recv(256)
    except OSError:
        return b""
