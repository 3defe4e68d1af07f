"""With which code a command ends, whatever answers or does not."""

import json
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from services.rollout.cli.exits import MEANING, Exit
from tests.unit.rollout.cli.stub_rollout import TOKEN, Problem, StubRollout

DOCUMENT = Path(__file__).parents[4] / "docs" / "cli.md"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Problem(401, "unknown-caller"), 9),
        (Problem(403, "wrong-role"), 3),
        (Problem(404, "unknown-region"), 4),
        (Problem(404, "not-found"), 1),
        (Problem(409, "region-paused"), 3),
        (Problem(412, "version-conflict"), 5),
        (Problem(422, "invalid-request", {"errors": [{"at": "body.reason", "problem": "missing"}]}), 3),
        (Problem(428, "precondition-required"), 1),
        (Problem(500, "unexpected"), 1),
        (Problem(503, "temporarily-unavailable", {"dependency": "postgresql"}), 6),
    ],
)
def test_a_problem_has_its_code(stub: StubRollout, problem: Problem, code: int) -> None:
    stub.answers["GET /v1/regions/emea"] = problem
    ended = stub.run("regions", "show", "emea")
    assert (ended.code, ended.out) == (code, "")
    assert (problem.name in ended.err) == (problem.name != "not-found")
    assert all(word in ended.err for word in ("body.reason missing",) if "errors" in problem.more)
    scripted = stub.run("regions", "show", "emea", "--json")
    assert (scripted.code, scripted.out, json.loads(scripted.err)) == (code, "", problem.body)


def test_what_is_no_rollout_is_told_apart_from_one_that_is_away(stub: StubRollout) -> None:
    stub.answers["GET /v1/regions"] = b"<html>hello</html>"
    assert stub.run("regions", "list").code == 1
    stub.answers["GET /v1/regions"] = b"[]"
    assert stub.run("regions", "list").code == 1
    assert stub.run("regions", "list", GATEPOST_ROLLOUT_URL=f"http://127.0.0.1:{free_port()}").code == 6


def test_a_connection_that_breaks_leaves_open_whether_it_was_done(stub: StubRollout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                connection.recv(65_536)
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        paused = stub.run("regions", "pause", "emea", "--reason", "calls pile up", GATEPOST_ROLLOUT_URL=url)
        assert (paused.code, "may have been done" in paused.err) == (6, True)
        shown = stub.run("regions", "list", GATEPOST_ROLLOUT_URL=url)
        assert (shown.code, "may have been done" in shown.err) == (6, False)


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[str]:
    """Speaks TLS with a certificate that nobody signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_certificate_that_nobody_signed_gets_no_token(stub: StubRollout, impostor: str) -> None:
    ended = stub.run("regions", "list", GATEPOST_ROLLOUT_URL=impostor)
    assert ended.code == 6
    assert "CERTIFICATE_VERIFY_FAILED" in ended.err


def test_the_token_is_of_the_environment_or_of_a_file_and_of_nothing_else(stub: StubRollout, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("another-token\n")
    assert stub.run("regions", "list").code == 0
    assert stub.run("regions", "list", GATEPOST_TOKEN="", GATEPOST_OPERATOR_TOKEN=TOKEN).code == 0
    assert stub.run("regions", "list", "--token-file", str(file), GATEPOST_TOKEN="").code == 0
    sent = [asked.headers["authorization"] for asked in stub.asked]
    assert sent == [f"Bearer {TOKEN}", f"Bearer {TOKEN}", "Bearer another-token"]

    none = stub.run("regions", "list", GATEPOST_TOKEN="")
    assert (none.code, "no token in GATEPOST_TOKEN" in none.err) == (2, True)
    assert stub.run("regions", "list", "--token-file", str(tmp_path / "gone")).code == 2
    assert stub.run("regions", "list", "--token", TOKEN + "x").code == 2
    for url in ("", "localhost:8000", "http://rosa:secret@localhost", "ftp://localhost"):
        assert stub.run("regions", "list", GATEPOST_ROLLOUT_URL=url).code == 2


def test_the_document_has_every_code() -> None:
    told = dict(re.findall(r"^\| (\d+) \| (.+?) \|$", DOCUMENT.read_text(), re.MULTILINE))
    assert told == {str(code.value): meaning for code, meaning in MEANING.items()}
    assert set(MEANING) == set(Exit)
