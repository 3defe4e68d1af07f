"""The jars of Apache Kafka in a cache, and a Java that can run them."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.local.child_process import ChildFailed
from deploy.local.daemon import Command

VERSION = "4.3.1"
OLDEST_JAVA = 17  # Kafka 4 brokers need it
POM = Path(__file__).with_name("pom.xml")
DOWNLOAD_TIMEOUT_S = 300.0


class ApacheKafkaUnavailable(Exception):
    """This machine cannot run Apache Kafka; `reason` says what is missing."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Apache Kafka cannot run here: {reason}")
        self.reason = reason


def cached_jars() -> Path:
    """Where the jars are or will be: `GATEPOST_CACHE`, or `~/.cache/gatepost`, and below it kafka-VERSION."""
    cache = os.environ.get("GATEPOST_CACHE")
    return (Path(cache) if cache else Path.home() / ".cache" / "gatepost") / f"kafka-{VERSION}"


def find_java() -> str:
    """Path of a Java that is new enough: JAVA_HOME's, else the PATH's. Raises ApacheKafkaUnavailable."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        raise ApacheKafkaUnavailable(f"there is no `java` on the PATH (Java {OLDEST_JAVA} or newer is needed)")
    try:
        said = subprocess.run([java, "-version"], check=False, capture_output=True, text=True, timeout=30).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ApacheKafkaUnavailable(f"{java} does not run: {error}") from error
    found = re.search(r'version "(\d+)', said)  # 1.8 says "1.8.0_…": too old all the same
    if found is None or int(found.group(1)) < OLDEST_JAVA:
        first_line = said.splitlines()[0] if said else "nothing"
        raise ApacheKafkaUnavailable(f"Java {OLDEST_JAVA} or newer is needed, {java} says {first_line}")
    return java


def check_available() -> None:
    """Cheap, downloads nothing. Raises ApacheKafkaUnavailable when Java, or Maven with an empty cache, is missing."""
    find_java()
    if not cached_jars().is_dir() and shutil.which("mvn") is None:
        raise ApacheKafkaUnavailable("there is no `mvn` on the PATH to fetch its jars with")


def ensure_jars(download: Command) -> Path:
    """Directory full of jars, fetched by Maven at the first call on a machine; `download` runs it and can be stopped.

    Several processes may do this at once: each fetches into a directory of its own, the first rename wins.
    Raises ApacheKafkaUnavailable.
    """
    jars = cached_jars()
    if jars.is_dir():
        return jars
    check_available()
    jars.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".fetching-", dir=jars.parent))
    try:
        goal = ["mvn", "--batch-mode", "--quiet", "--file", str(POM), "dependency:copy-dependencies"]
        download.run([*goal, f"-DoutputDirectory={fresh}", "-DincludeScope=runtime"], timeout_s=DOWNLOAD_TIMEOUT_S)
        fresh.chmod(0o755)
        try:
            fresh.rename(jars)
        except OSError:
            if not jars.is_dir():
                raise
    except ChildFailed as failure:
        raise ApacheKafkaUnavailable(f"Maven could not fetch its jars: {failure.reason}") from failure
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return jars
