"""Settings of the tests: as in production, but in a folder of their own, and quicker where durability is not tested."""

import sys
import tempfile
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import CACHES, DATABASES, ROOT, STORAGES, TEMPLATES

SECRET_KEY = "only-for-tests-" + "0123456789abcdefghijklmnop"
DEBUG = False
BASE_URL = "http://testserver"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

# Removed when the process ends. Each run has its own, so that two of them do not meet.
_folder = tempfile.TemporaryDirectory(prefix="nevertwice-test-")
MEDIA_ROOT = Path(_folder.name) / "media"

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, never the shared in-memory one, which answers "table is locked" to threads.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_folder.name) / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

# The test server cannot serve names with hashes.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = ROOT / "static"
WHITENOISE_AUTOREFRESH = True

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


class UndefinedFails(str):
    """What templates put in place of an undefined variable: in our own a failure, in those of libraries a blank."""

    def __contains__(self, text: object) -> bool:
        # Django asks so whether the name of the variable is to be filled in.
        return text == "%s" or super().__contains__(text)  # type: ignore[operator]

    def __mod__(self, variable: object) -> str:
        context = sys._getframe(1).f_locals.get("context")
        template = getattr(getattr(context, "render_context", None), "template", None)
        name = str(getattr(getattr(template, "origin", None), "name", ""))
        if name.startswith(str(ROOT / "templates")):
            raise AssertionError(f"undefined in {name}: {variable}")
        return ""


TEMPLATES[0]["OPTIONS"] = {**TEMPLATES[0]["OPTIONS"], "string_if_invalid": UndefinedFails("undefined")}  # type: ignore[dict-item]
