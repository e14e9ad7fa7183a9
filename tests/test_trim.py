"""Free memory goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Bodies that come and go between small things that stay, in a process that has nothing else.
_HOLES = """
from pathlib import Path
from crawler.progress import give_back
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
stay, bodies = [], []
for number in range(1500):
    bodies.append(bytes(60_000 + number))
    stay.append(bytes(600))
bodies.clear()
before = held()
print(give_back(), before, held())
"""


def test_holes_between_what_stays_are_given_back() -> None:
    said = subprocess.run([sys.executable, "-c", _HOLES], capture_output=True, text=True, check=True).stdout.split()
    if said[0] == "False":
        pytest.skip("the C library keeps its memory")
    assert float(said[1]) - float(said[2]) > 50, "most of the 90 MB of bodies"
