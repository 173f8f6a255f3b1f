"""All settings, read from the environment (docs/configuration.md). What is unsafe or malformed stops the start."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from config import environment

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = ROOT / "var"

# Where we are

BASE_URL = environment.base_url("BASE_URL", default="http://127.0.0.1:8000")
_host = urlsplit(BASE_URL).hostname or ""
HTTPS = BASE_URL.startswith("https://")
# Others reach it: nothing may be left at a value that is only good for trying it out.
PRODUCTION = HTTPS or not environment.is_loopback(_host)
INSECURE_HTTP = environment.flag("INSECURE_HTTP", default=False)
if not HTTPS and PRODUCTION and not INSECURE_HTTP:
    raise environment.BadValue(
        f"BASE_URL is {BASE_URL}, where passwords would travel readable by anyone between. Use https://, "
        "or set INSECURE_HTTP=1 if you accept that."
    )

DEBUG = environment.flag("DEBUG", default=False)
if DEBUG and PRODUCTION:
    raise environment.BadValue("DEBUG is 1, which shows settings and code to visitors; it works on loopback only.")
SECRET_KEY = environment.secret_key("SECRET_KEY", kept_in=None if PRODUCTION else VAR_DIR / "secret-key")
ALLOWED_HOSTS = environment.hosts(
    "ALLOWED_HOSTS", default=[_host] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", _host]
)
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")
ORG_NAME = environment.text("ORG_NAME")

# Time and language

TIME_ZONE = environment.zone("TIME_ZONE", default="UTC")
USE_TZ = True
# What 06/01 means where people type it: the 6th of January, or the 1st of June.
DAY_FIRST = environment.flag("DAY_FIRST", default=True)
LANGUAGE_CODE = "en"
USE_I18N = True
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]

# Applications

INSTALLED_APPS = [
    "postmortems",
    "incidents",
    "config.apps.CompositionConfig",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

MIDDLEWARE = [
    "config.middleware.trusted_proxies",
    "config.middleware.response_headers",
    "config.middleware.machines",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.health.nobody_asks",
    "config.middleware.refuse_huge_bodies",
    "config.middleware.refuse_unstorable_text",
    "config.middleware.PageCaching",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "incidents.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "incidents.middleware.RoleRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "incidents.middleware.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "incidents.context_processors.notices",
                "incidents.context_processors.organisation",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# Data


def _sqlite(options: dict[str, Any]) -> dict[str, Any]:
    """Fifty writers at once, none turned away and no acknowledged write lost at a power cut."""
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;"
    safe = {"init_command": pragmas, "transaction_mode": "IMMEDIATE", "timeout": 20}
    # Reconnecting would cost each request 0.4 ms.
    return {"OPTIONS": safe | options, "CONN_MAX_AGE": None}


def _postgresql(options: dict[str, Any]) -> dict[str, Any]:
    """A server that has gone silent is given up after seconds, and used again once it is back."""
    patience = {
        "connect_timeout": 5,
        "tcp_user_timeout": 3000,  # milliseconds
        "keepalives": 1,
        "keepalives_idle": 5,  # seconds
        "keepalives_interval": 2,
        "keepalives_count": 2,
        "application_name": "nevertwice",
    }
    return {"OPTIONS": patience | options, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


_database = environment.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'nevertwice.sqlite3'}")
_engine_settings = _sqlite if _database["ENGINE"].endswith("sqlite3") else _postgresql
DATABASES = {"default": _database | _engine_settings(_database.get("OPTIONS", {}))}

CACHES = {
    "default": environment.cache("CACHE_URL", default="locmemcache://"),
    # Rendered parts of pages, also of private ones, stay in the process that made them.
    "parts": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "parts",
        "OPTIONS": {"MAX_ENTRIES": 200},
    },
}

MEDIA_ROOT = environment.path("MEDIA_ROOT", default=VAR_DIR / "media")
MEDIA_URL = "/media/"
FILE_UPLOAD_PERMISSIONS = 0o640

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static_files.LeanCompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 3600  # seconds, for the few files without a hash in their name

# What a request may bring besides files: a postmortem is 200 kB of text at most.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# People, sessions, cookies

AUTH_USER_MODEL = "incidents.User"
AUTHENTICATION_BACKENDS = ["incidents.sign_in.NameOrEmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name", "email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds

SESSION_ENGINE = "incidents.sessions"
SESSION_COOKIE_AGE = 30 * 24 * 60 * 60  # seconds
# A browser takes a __Host- cookie only over https, for the whole host and for no other, so no neighbour can plant one.
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}session"
CSRF_COOKIE_NAME = f"{_prefix}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Headers

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # kept from others by config.middleware.trusted_proxies
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # names of people are unique whatever their case, by a constraint on Lower()
    "security.W005",  # HSTS for all subdomains is the decision of whoever owns the domain above us
    "security.W021",  # and so is its entry in the browsers' preload list
]

# Mail

vars().update(environment.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text("EMAIL_FROM", default=f"nevertwice@{_host}")

# Webhooks go to public addresses; inside only to these
INTERNAL_RECEIVERS = environment.receivers("INTERNAL_RECEIVERS")

# What workers run by the clock
SCHEDULE = "config.schedule.JOBS"

# Log: one line each on standard error, which systemd and containers collect

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"outage_in_short": {"()": "config.errors.OutageInShort"}},
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["outage_in_short"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
        # Whoever scans the internet sends these by the thousand; each is answered 400.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
    },
}
