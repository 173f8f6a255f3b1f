#!/usr/bin/env python
"""Django's command line for Nevertwice."""

import sys

from config import start


def main() -> None:
    """Run the command that the arguments name."""
    start.load_settings()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
