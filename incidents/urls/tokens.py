"""Addresses of tokens."""

from django.urls import path

from ..views import tokens

urlpatterns = [
    path("account/tokens/", tokens.own_tokens, name="own-tokens"),
    path("account/tokens/<int:token_id>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("tokens/", tokens.token_list, name="token-list"),
]
