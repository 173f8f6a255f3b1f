"""The settings of production, with one more address: an empty page to compare with. Only for bench.py."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench_urls"
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
