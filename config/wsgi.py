"""The WSGI application, which gunicorn serves."""

from django.core.wsgi import get_wsgi_application

from config import start

start.load_settings()
application = get_wsgi_application()
start.refuse_when_unsafe()
