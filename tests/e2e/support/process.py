"""Child processes: started in a group of their own, awaited until they answer, ended as a group."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS = 120
# One try. A function that is still starting holds the request; one that failed to start does too.
TRY_SECONDS = 5
END_SECONDS = 10


def eventually(holds, seconds=20):
    """Asks until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One program with its log file."""

    def __init__(self, name, arguments, logs, environment=None):
        self.log = logs / f"{name}.log"
        # Nothing of the caller's cloud account reaches a child.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "OPENAI_", "LITELLM_", "POSTERN_"))}
        with open(self.log, "wb") as log:
            self._child = subprocess.Popen(
                [str(a) for a in arguments],
                cwd=ROOT,
                env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_answers(self, url):
        """Until `url` answers anything at all; a program that does not is ended, and fails the test with its log."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._child.poll() is not None or "command exited code" in self.output():
                break
            try:
                urllib.request.urlopen(url, timeout=TRY_SECONDS).close()
                return self
            except urllib.error.HTTPError:
                return self
            except OSError:
                time.sleep(0.02)
        self.end()
        raise AssertionError(f"{self.log.name}: no answer at {url}\n{self.output()}")

    def wait_until_says(self, pattern):
        """What the pattern's group matches in its output, as soon as it does."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._child.poll() is None:
            if said := re.search(pattern, self.output()):
                return said[1]
            time.sleep(0.01)
        self.end()
        raise AssertionError(f"{self.log.name}: never said {pattern}\n{self.output()}")

    def ended(self):
        """Waits until it ends by itself."""
        self._child.wait(READY_SECONDS)

    def output(self):
        return self.log.read_text(errors="replace")

    def kill(self):
        """At once, as a power cut does."""
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait(END_SECONDS)

    def end(self):
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGTERM)
            try:
                self._child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()
