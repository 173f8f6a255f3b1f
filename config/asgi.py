"""The ASGI application, for servers that speak that."""

from django.core.asgi import get_asgi_application

from config import start

start.load_settings()
application = get_asgi_application()
start.refuse_when_unsafe()
