"""Middleware."""

from django.middleware.http import ConditionalGetMiddleware


def trusted_proxies(get_response):
    return get_response


def response_headers(get_response):
    return get_response


def refuse_unstorable_text(get_response):
    return get_response


class PageTagMiddleware(ConditionalGetMiddleware):
    pass
