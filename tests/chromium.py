"""The browser of the tests."""

import os
import shutil

import pytest

# Without these Chromium looks for its maker's hosts at every start.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI needs Chromium")
    if found is None:
        pytest.skip("no Chromium on this machine (Debian: the package chromium)")
    return found
