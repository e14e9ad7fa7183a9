"""python -m benchmarks.crash --rounds N [--s3]: crawls are killed, started again, and nothing may be lost or torn.

A round: three outlets of the loopback newsstand are crawled at the same time into one new archive. The crawls are killed
(SIGKILL) at a named step or after a random time, some again while they mend what the first kill left, and started anew
until they finish. Then the archive is compared with one of a crawl that nobody killed. `--s3`: into a real S3 server
(seaweedfs), which is killed as well.

Last line: JSON; all but `rounds`, `kills` and `phases` should be 0.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.crash_proof import Outcomes, Proof, outcomes, prove
from benchmarks.crash_steps import LOCAL, ROOT, Step
from storage.archive import open_archive
from tests.newsstand import Newsstand

OUTLETS = ("menafn", "courier", "gazette")
MOST_ATTEMPTS = 8
MOST_SECONDS = 120  # a crawl that takes longer hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When a crawl dies: at a step, for the `nth` time, or after seconds; or not at all."""

    step: str | None = None
    nth: int = 1
    after: float | None = None


class Crawls:
    """Crawls of the newsstand in processes that can be killed at a step."""

    def __init__(self, stand: Newsstand, environment: dict[str, str]) -> None:
        self._stand, self._environment = stand, environment
        # Only the crawl's own settings: what the caller's shell says of an archive must not leak in.
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AWS_"))}
        self._runner = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.crash_steps"],
            cwd=ROOT,
            env=clean,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, outlet: str, uri: str, folder: Path, kill: Kill) -> None:
        """Begin a crawl; `ended` tells of its end."""
        origin = self._stand.outlets[outlet]
        environment = {
            "NEWS_ARCHIVE_URI": uri,
            "NEWS_CATALOGUE": str(folder / "catalogue.sqlite"),
            "NEWS_SPOOL": str(folder / "spool"),
            "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8",
            "NEWS_DELAY": "0",
            "NEWS_RETRY_WAIT": "0.05",
            **self._environment,
        }
        order = {
            "id": outlet,
            "words": ["crawl", outlet, "-a", f"origin={origin}", "-s", "SPIDER_MODULES=crawler.spiders,tests.spiders"],
            "environment": environment,
            "step": kill.step,
            "nth": kill.nth,
            "after": kill.after,
            "most_seconds": MOST_SECONDS,
            "log": str(folder / f"{outlet}.log"),
        }
        assert self._runner.stdin is not None
        self._runner.stdin.write(json.dumps(order) + "\n")

    def ended(self) -> tuple[str, int, float]:
        """Wait for the end of one -> outlet, exit status (-9: killed), seconds."""
        assert self._runner.stdout is not None
        answer = json.loads(self._runner.stdout.readline())
        return answer["id"], answer["status"], answer["seconds"]

    def close(self) -> None:
        """End the runner."""
        assert self._runner.stdin is not None and self._runner.stdout is not None
        self._runner.stdin.close()
        self._runner.wait()
        self._runner.stdout.close()


@dataclass
class Tally:
    """What came of all rounds."""

    rounds: int = 0
    kills: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def line(self) -> dict[str, Any]:
        names = ("lost_captures", "torn_copies", "doubled_copies", "failed_warc_checks", "differs_from_rebuild", "unfinished")
        return {
            "rounds": self.rounds,
            "kills": self.kills,
            **{name: self.found[name] for name in names},
            "phases": dict(self.phases.most_common()),
        }

    def add(self, proof: Proof) -> list[str]:
        """Count what is wrong -> it, a line each."""
        self.rounds += 1
        found = {
            "lost_captures": proof.lost,
            "torn_copies": proof.torn,
            "doubled_copies": proof.doubled,
            "failed_warc_checks": proof.warc,
            "differs_from_rebuild": proof.differing,
            "unfinished": proof.left,
        }
        for name, lines in found.items():
            self.found[name] += len(lines)
        return [f"{name}: {line}" for name, lines in found.items() for line in lines]


def plan(steps: dict[str, Step], number: int, chance: random.Random, seconds: dict[str, float]) -> dict[str, list[Kill]]:
    """Number of a round -> the kills of each outlet's crawls, first attempt first. Every step has its turn."""
    first = [name for name, step in steps.items() if not step.again]
    kills: dict[str, list[Kill]] = {outlet: [] for outlet in OUTLETS}
    for place, outlet in enumerate(chance.sample(OUTLETS, chance.choice((1, 2, 3)))):
        name = first[(number + place * 7) % len(first)]
        if chance.random() < 0.4:
            kills[outlet].append(Kill(after=chance.uniform(0.02, 1.1 * seconds[outlet])))
        else:
            kills[outlet].append(Kill(step=name, nth=chance.randint(1, steps[name].most)))
        while chance.random() < 0.4:
            again = chance.choice([name for name, step in steps.items() if step.again])
            kills[outlet].append(chance.choice((Kill(step=again), Kill(after=chance.uniform(0.02, seconds[outlet])))))
    return kills


def one_round(
    crawls: Crawls, uri: str, folder: Path, kills: dict[str, list[Kill]], tally: Tally, broken: Iterator[None]
) -> list[str]:
    """Crawl all outlets into one archive, dying as planned, until all have finished -> what did not end well."""
    planned = {outlet: list(each) for outlet, each in kills.items()}
    now: dict[str, Kill] = {}
    attempts: Counter[str] = Counter()
    failed = []

    def go(outlet: str) -> None:
        now[outlet] = planned[outlet].pop(0) if planned[outlet] else Kill()
        attempts[outlet] += 1
        crawls.start(outlet, uri, folder, now[outlet])

    for outlet in OUTLETS:
        go(outlet)
    next(broken, None)
    while now:
        outlet, status, _seconds = crawls.ended()
        kill = now.pop(outlet)
        if status == 0:
            continue
        if status == -9:
            tally.kills += 1
            tally.phases[kill.step or ("random moment" if kill.after is not None else "hung")] += 1
        if status not in (-9, 5) or attempts[outlet] == MOST_ATTEMPTS:
            failed.append(f"crawl of {outlet} ended with {status}: {(folder / f'{outlet}.log').read_text()[-600:]}")
            continue
        go(outlet)
    return failed


def reference(crawls: Crawls, folder: Path) -> tuple[Outcomes, dict[str, float]]:
    """A crawl that nobody kills -> how every lead ends, and the seconds that each outlet takes."""
    seconds = {}
    for outlet in OUTLETS:
        crawls.start(outlet, str(folder / "archive"), folder, Kill())
    for _ in OUTLETS:
        outlet, status, seconds_ = crawls.ended()
        seconds[outlet] = seconds_
        if status:
            raise SystemExit(f"the crawl of {outlet} ends with {status} without being killed:\n{(folder / f'{outlet}.log').read_text()}")
    return outcomes(open_archive(str(folder / "archive"), folder / "spool")), seconds


@contextmanager
def fresh_folder(keep: Path | None) -> Iterator[Path]:
    """A folder for one round; it stays when something was found in it and `keep` is given."""
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir=keep))
    yield folder
    if not (folder / "found").exists():
        shutil.rmtree(folder)


def main() -> int:
    """The rounds. Exit status 1 when anything was lost, torn or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--s3", action="store_true", help="into an S3 server on loopback, which is killed as well")
    parser.add_argument("--keep", type=Path, help="folder in which the archives of rounds with a finding stay")
    options = parser.parse_args()
    chance, tally = random.Random(options.seed), Tally()
    with ExitStack() as stack:
        stand = stack.enter_context(Newsstand(port=0))
        crawls = Crawls(stand, {})
        stack.callback(crawls.close)
        with fresh_folder(None) as folder:
            wanted, seconds = reference(crawls, folder)
        for number in range(options.rounds):
            kills = plan(LOCAL, number, chance, seconds)
            with fresh_folder(options.keep) as folder:
                lines = one_round(crawls, str(folder / "archive"), folder, kills, tally, iter(()))
                archive = open_archive(str(folder / "archive"), folder / "spool")
                proof = prove(archive, folder / "catalogue.sqlite", wanted)
                proof.left += lines
                lines = tally.add(proof)
                if lines:
                    print(f"round {number}: {kills}", *(f"  {line}" for line in lines[:12]), sep="\n", flush=True)
                    (folder / "found").write_text("\n".join([str(kills), *lines])) if options.keep else None
    print(json.dumps(tally.line()))
    return 1 if +tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
