"""Raises TimeUp in the test that is running when its time is up.

By the system's alarm clock where there is one. On Windows by a thread, which stops a loop in
Python but no call into a library: whoever waits for the examiner ends its process then.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from typing import NoReturn

from autograder.judging.wording import TimeUp

_HAS_CLOCK = hasattr(signal, "setitimer")


class _Thread:
    """Raises TimeUp in the thread that made it, unless it is stopped before."""

    def __init__(self, seconds: float) -> None:
        self._target = threading.get_ident()
        self._lock = threading.Lock()
        self._stopped = False
        self._timer = threading.Timer(seconds, self._raise)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
        self._timer.cancel()

    def _raise(self) -> None:
        with self._lock:
            if not self._stopped:
                target, error = ctypes.c_ulong(self._target), ctypes.py_object(TimeUp)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(target, error)


_running: list[_Thread] = []


def start(seconds: float) -> None:
    """Raise TimeUp in the calling thread, the main one, after so many seconds."""
    if _HAS_CLOCK:
        signal.signal(signal.SIGALRM, _raise_time_up)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    else:
        _running.append(_Thread(seconds))


def stop() -> None:
    """Raise it no more."""
    if _HAS_CLOCK:
        signal.setitimer(signal.ITIMER_REAL, 0)
    while _running:
        _running.pop().stop()


def _raise_time_up(*_: object) -> NoReturn:
    raise TimeUp
