"""Start of the command line: a signal that comes while the first modules load ends it in words, too."""

import os
import signal
from types import FrameType


def _leave(number: int, frame: FrameType | None) -> None:
    # Nothing is open yet, and raising inside an import would show a traceback.
    os.write(2, b"Interrupted; no result was written.\n")
    os._exit(1)


def main() -> None:
    """Run the command line (entry point of the console script and of ``python -m osteocast``)."""
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    from osteocast.cli import main as run

    run()


if __name__ == "__main__":
    main()
