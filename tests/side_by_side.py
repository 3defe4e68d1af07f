"""`python -m tests.side_by_side [ARGUMENTS OF PYTEST]`: all tests, in two processes.

Beside whole services, which mostly wait for each other, runs what waits for nobody: units, adapters on servers of their
own, and the answers of each service held to its description. Its report comes last. With arguments it is plain pytest.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO, Final

BESIDE: Final = ("tests/unit", "tests/contracts", "tests/integration/shared", "tests/integration/test_openapi.py")
_PYTEST: Final = (sys.executable, "-m", "pytest")


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 if no test failed in either."""
    if arguments:
        return subprocess.call([*_PYTEST, *arguments])
    with tempfile.TemporaryFile() as report:
        beside = _begin(BESIDE, report)
        try:
            services = subprocess.call([*_PYTEST, *(f"--ignore={path}" for path in BESIDE)])
            status = max(services, beside.wait())
        finally:
            beside.terminate()
            beside.wait()
        report.seek(0)
        sys.stdout.write(report.read().decode(errors="replace"))
    return status


def _begin(paths: Sequence[str], report: IO[bytes]) -> subprocess.Popen[bytes]:
    """With a cache of its own: the two would write over each other's."""
    cache = ("-o", "cache_dir=.pytest_cache/beside")
    return subprocess.Popen([*_PYTEST, *cache, *paths], stdout=report, stderr=subprocess.STDOUT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
