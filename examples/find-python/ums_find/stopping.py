"""Stops without losing a request."""

import signal
import threading
import time

from werkzeug.wsgi import ClosingIterator

LOOK = 0.1  # seconds between two looks at whether all requests are done


class Stopping:
    """Has SIGTERM let the server serve on for a while, unready, and wait then for what is in flight; a second signal ends it
    at once. The signals arrive in the main thread, which is waitress's loop, and SystemExit ends that.

    waitress lets no application say Connection: close, so a kept connection lives until the end. That is why only a service
    of safe methods stops so: the gateway sends those again on another connection.
    """

    def __init__(self, delay: float, timeout: float):
        self.begun = False
        self._delay, self._timeout = delay, timeout  # in seconds
        self._lock, self._inside = threading.Lock(), 0
        self._quiet, self._end = 0, 0.0

    def counted(self, app):
        """Returns the WSGI application, of whose requests it is known how many are in flight."""

        def application(environ, start_response):
            self._count(1)
            try:
                answer = app(environ, start_response)
            except BaseException:
                self._count(-1)
                raise
            return ClosingIterator(answer, lambda: self._count(-1))

        return application

    def _count(self, more: int) -> None:
        with self._lock:
            self._inside += more

    def listen(self) -> None:
        signal.signal(signal.SIGALRM, self._look)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._begin)

    def _begin(self, *_) -> None:
        if self.begun:
            self._exit(1)
        self.begun = True
        self._end = time.monotonic() + self._delay + self._timeout
        signal.setitimer(signal.ITIMER_REAL, self._delay + LOOK, LOOK)

    def _look(self, *_) -> None:
        self._quiet = 0 if self._inside else self._quiet + 1
        if self._quiet > 1 or time.monotonic() > self._end:  # twice: the last answer may still be on its way out
            self._exit(0)

    @staticmethod
    def _exit(status: int) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise SystemExit(status)
