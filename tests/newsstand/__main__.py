"""`python -m tests.newsstand --port N`: keep the newsstand open until SIGTERM or Ctrl-C; prints the addresses."""

import argparse
import signal
import sys
import threading

from tests.newsstand import Newsstand


def main() -> int:
    """Exit status: 0 after a signal, 1 when a port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.newsstand", description="A newsstand on loopback.")
    parser.add_argument("--port", type=int, default=0, help="of the first outlet; the others follow it (0: any free ones)")
    port = parser.parse_args().port
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    try:
        with Newsstand(port=port) as stand:
            for name, url in stand.outlets.items():
                print(f"{name} {url}", flush=True)
            done.wait()
    except OSError as error:
        print(f"The newsstand cannot open port {port} and those after it: {error.strerror}. Name another.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
