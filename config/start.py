"""Start, or say in one sentence why not: shared by the command line and the web server."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured


def load_settings() -> None:
    """Read the settings; ends the process with one sentence and exit status 1 where a value is malformed or unsafe."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        sys.exit(f"Nevertwice does not start. {error}")


def refuse_when_unsafe() -> None:
    """End the process where a check of ours finds an error; say the warnings. Asks nothing of the database."""
    from django.core import checks

    from config.checks import TAG

    found = checks.run_checks(tags=[TAG], include_deployment_checks=True)
    for message in found:
        print(f"{message.id}: {message.msg} {message.hint or ''}".rstrip(), file=sys.stderr)  # noqa: T201
    if any(message.is_serious() for message in found):
        sys.exit("Nevertwice does not start. Put right what the lines above say.")
