"""Runs our server and dies by SIGKILL just before one chosen line of the road: `dying.py CONFIG LINE [FILE...]`.

Lines are counted only in the files of the road and only from the first callback on, so a number names a
place "between any two lines"; nothing of ours is changed for it. Where FILEs are named they are the road, and
lines are counted from SIGUSR1 on.
"""

import os
import signal
import sys
import threading
from collections.abc import Collection
from pathlib import Path
from types import FrameType
from typing import Any

HOUSE = Path(__file__).resolve().parent.parent
NAMES = ("intake", "commit", "worker", "inbox", "outbox", "passive", "lanes", "shards", "turns")
ROAD = [f"bot/{name}.py" for name in NAMES]


class Countdown:
    """`road`: files by their place in the house."""

    def __init__(self, lines: int, road: Collection[str], *, begun: bool) -> None:
        self.left = lines
        self.road = {str(HOUSE / name) for name in road}
        self.begun = begun

    def begin(self, *_signal: Any) -> None:
        threading.settrace(self.call)
        sys.settrace(self.call)

    def call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in self.road:
            return None
        self.begun = self.begun or code.co_name == "webhook"
        return self.line if self.begun else None

    def line(self, _frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.line


if __name__ == "__main__":
    _, config, number, *files = sys.argv
    countdown = Countdown(int(number), files or ROAD, begun=bool(files))
    if files:
        signal.signal(signal.SIGUSR1, countdown.begin)
    else:
        countdown.begin()
    sys.argv = ["guanxi", "serve", "-c", config]
    from bot.__main__ import main

    main()
