"""python -m benchmarks.crash --rounds N [--s3]: crawls are killed, started again, and nothing may be lost or torn.

A round: three outlets of the loopback newsstand are crawled at the same time into one new archive. The crawls are killed
(SIGKILL) at a named step or after a random time, some again while they mend what the first kill left, and started anew
until they finish. Then the archive is compared with one of a crawl that nobody killed. `--s3`: into a real S3 server
(seaweedfs), which is killed as well.

What was found so far is told every ten rounds. Last line: JSON; all but `rounds`, `kills` and `phases` should be 0.
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
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.crash_proof import Outcomes, Proof, outcomes, prove
from benchmarks.crash_steps import LOCAL, ROOT, S3, Step
from storage.archive import open_archive
from tests.newsstand import Newsstand
from tests.s3_server import S3Server

OUTLETS = ("menafn", "courier", "gazette")
MOST_ATTEMPTS = 8
MOST_SECONDS = 120  # a crawl that takes longer hangs
_TOLD_EACH = 10  # rounds, until what was found so far is said


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


class ServerKill:
    """The S3 server dies after some seconds and is started again on the same folder, in a thread of its own."""

    def __init__(self, server: S3Server, after: float) -> None:
        self._server, self._after = server, after
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def over(self) -> None:
        """Wait until the server answers again."""
        self._thread.join()

    def _work(self) -> None:
        time.sleep(self._after)
        self._server.kill()
        self._server.start()


def one_round(
    crawls: Crawls, uri: str, folder: Path, kills: dict[str, list[Kill]], tally: Tally, trouble: ServerKill | None
) -> list[str]:
    """Crawl all outlets into one archive, dying as planned, until all have finished -> what did not end well.

    Exit status 5 is right where the archive cannot be reached; the next start must go on.
    """
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
    while now:
        outlet, status, _seconds = crawls.ended()
        kill = now.pop(outlet)
        if status == 0:
            continue
        if status == 5 and trouble is not None:
            tally.phases["archive could not be reached"] += 1
            trouble.over()
        if status == -9:
            tally.kills += 1
            tally.phases[kill.step or ("random moment" if kill.after is not None else "hung")] += 1
        if not (status == -9 or (status == 5 and trouble is not None)) or attempts[outlet] == MOST_ATTEMPTS:
            failed.append(f"crawl of {outlet} ended with {status}: {(folder / f'{outlet}.log').read_text()[-600:]}")
            continue
        go(outlet)
    return failed


def reference(crawls: Crawls, uri: str, folder: Path) -> tuple[Outcomes, dict[str, float]]:
    """A crawl that nobody kills -> how every lead ends, and the seconds that each outlet takes."""
    seconds = {}
    for outlet in OUTLETS:
        crawls.start(outlet, uri, folder, Kill())
    for _ in OUTLETS:
        outlet, status, seconds[outlet] = crawls.ended()
        if status:
            log = (folder / f"{outlet}.log").read_text()
            raise SystemExit(f"the crawl of {outlet} ends with {status} without being killed:\n{log}")
    return outcomes(open_archive(uri, folder / "spool")), seconds


@contextmanager
def fresh_folder(keep: Path | None) -> Iterator[Path]:
    """A folder for one round; it stays when something was found in it and `keep` is given."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir=keep))
    yield folder
    if not (folder / "found").exists():
        shutil.rmtree(folder)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A real S3 server on loopback, which this process and the crawls find in their environment."""
    with tempfile.TemporaryDirectory(prefix="crash-s3-") as folder:
        server = S3Server(Path(folder))
        server.start()
        os.environ.update(server.environment)
        try:
            yield server
        finally:
            server.kill()


def rounds(stack: ExitStack, server: S3Server | None, turns: range, chance: random.Random, keep: Path | None) -> Tally:
    """The numbers of the rounds -> what came of them; findings are printed as they come."""
    tally, steps = Tally(), S3 if server else LOCAL
    crawls = Crawls(stack.enter_context(Newsstand(port=0)), server.environment if server else {})
    stack.callback(crawls.close)

    def place(folder: Path) -> str:
        return server.prefix() if server else str(folder / "archive")

    with fresh_folder(None) as folder:
        wanted, seconds = reference(crawls, place(folder), folder)
    for turn in turns:
        kills = plan(steps, turn, chance, seconds)
        with fresh_folder(keep) as folder:
            uri, trouble = place(folder), None
            if server is not None and chance.random() < 0.3:
                trouble = ServerKill(server, chance.uniform(0.5, max(seconds.values())))
            failed = one_round(crawls, uri, folder, kills, tally, trouble)
            if trouble is not None:
                trouble.over()
                tally.phases["S3 server killed"] += 1
            proof = prove(open_archive(uri, folder / "spool"), folder / "catalogue.sqlite", wanted)
            proof.left += failed
            lines = tally.add(proof)
            if lines:
                print(f"round {turn}: {kills}", *(f"  {line}" for line in lines[:12]), sep="\n", flush=True)
                if keep:
                    (folder / "found").write_text("\n".join([str(kills), *lines]))
        if (turn - turns.start + 1) % _TOLD_EACH == 0:
            print(json.dumps(tally.line()), file=sys.stderr, flush=True)
    return tally


def main() -> int:
    """The rounds. Exit status 1 when anything was lost, torn or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first round: which steps have their turn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--s3", action="store_true", help="into an S3 server on loopback, which is killed as well")
    parser.add_argument("--keep", type=Path, help="folder in which the archives of rounds with a finding stay")
    options = parser.parse_args()
    with ExitStack() as stack:
        server = stack.enter_context(s3_server()) if options.s3 else None
        turns = range(options.first, options.first + options.rounds)
        tally = rounds(stack, server, turns, random.Random(options.seed), options.keep)
    print(json.dumps(tally.line()))
    return 1 if +tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
