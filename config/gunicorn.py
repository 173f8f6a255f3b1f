"""How gunicorn serves: `gunicorn -c python:config.gunicorn config.wsgi`. Options on that line go before these."""

import os

bind = [f"127.0.0.1:{os.environ.get('PORT', '8000')}"]
# Threads, so that a slow visitor holds up one of eight and not a whole process.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
timeout = 60  # seconds
graceful_timeout = 20  # seconds
keepalive = 5  # seconds
# Loaded before the first fork, a wrong setting ends gunicorn with its one sentence instead of trying for ever.
preload_app = True
# Whom to believe about addresses is decided in one place, by TRUSTED_PROXIES.
forwarded_allow_ips = ""
# Nobody asked for a second way in.
control_socket_disable = True
