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

# Each run has its own, so that two of them do not meet; tests/conftest.py removes it.
folder = tempfile.TemporaryDirectory(prefix="nevertwice-test-")
MEDIA_ROOT = Path(folder.name) / "media"

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, never the shared in-memory one, which answers "table is locked" to threads.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(folder.name) / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

# The test server cannot serve names with hashes.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = ROOT / "static"
WHITENOISE_AUTOREFRESH = True

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


class UndefinedFails(str):
    """The blank for an undefined variable: in our own templates asking for it fails, unless a default is named."""

    def __bool__(self) -> bool:
        # Django asks so before it puts the blank into the page.
        frame = sys._getframe(1).f_locals
        context, expression = frame.get("context"), frame.get("self")
        template = getattr(getattr(context, "render_context", None), "template", None)
        name = str(getattr(getattr(template, "origin", None), "name", ""))
        filters = getattr(expression, "filters", ())
        has_default = any(call.__name__.startswith("default") for call, _arguments in filters)
        if name.startswith(str(ROOT / "templates")) and not has_default:
            raise AssertionError(f"undefined in {name}: {getattr(expression, 'token', '')}")
        return False


TEMPLATES[0]["OPTIONS"] = {**TEMPLATES[0]["OPTIONS"], "string_if_invalid": UndefinedFails()}  # type: ignore[dict-item]
