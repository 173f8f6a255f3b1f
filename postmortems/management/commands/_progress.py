"""How far a long export is, on a terminal and nowhere else."""

import time

from django.core.management.base import OutputWrapper


class Progress:
    """Says now and then how much is done, on one line."""

    EVERY = 0.2  # seconds

    def __init__(self, screen: OutputWrapper) -> None:
        self.screen = screen
        self.said_at = 0.0
        self.is_shown = screen.isatty()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.is_shown and (now - self.said_at >= self.EVERY or done == total):
            self.said_at = now
            self.screen.write(f"\r{done} of {total}", ending="")
            self.screen.flush()

    def end(self) -> None:
        """Leave the line to whoever writes next."""
        if self.is_shown and self.said_at:
            self.screen.write("")
