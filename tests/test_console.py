"""What commands write: strangers' text cannot steer a terminal, and a reader who has enough breaks nothing."""

from __future__ import annotations

import subprocess
import sys

from crawler.console import clean, table
from tests.conftest import ROOT


def test_a_reader_may_have_enough() -> None:
    said = "from crawler.console import write\nfor _ in range(5000): write('a line' * 20)\nopen('/dev/stderr', 'w').write('done')"
    with subprocess.Popen(
        [sys.executable, "-c", said], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None and writer.stderr is not None
        assert writer.stdout.readline().startswith("a line")
        writer.stdout.close()
        assert writer.stderr.read() == "done"
    assert writer.returncode == 0


def test_escapes_are_shown_and_numbers_stand_right() -> None:
    assert clean("\x1b[2J\u202eevil") == "\ufffd[2J\ufffdevil"
    assert table([("a", 1), ("long", 1_000)]) == "  a        1\n  long  1000"
