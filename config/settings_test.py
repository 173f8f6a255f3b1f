"""Settings of the tests: as in production, but in a folder of their own, and quicker where durability is not tested."""

import tempfile
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import CACHES, DATABASES, ROOT, STORAGES

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
