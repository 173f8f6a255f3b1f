"""Addresses of one's own account."""

from django.urls import include, path

from ..views import account, notices

_account = [
    path("", account.profile, name="profile"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("password-again/", account.confirm_password, name="password-again"),
    path("password/", account.password_change, name="password-change"),
    path("email/", account.email_change, name="email-change"),
    path("sessions/", account.sessions, name="sessions"),
    path("sessions/end-others/", account.sessions_end_others, name="sessions-end-others"),
    path("sessions/<slug:session_id>/end/", account.session_end, name="session-end"),
    path("notices/", notices.preferences, name="notices"),
    path("notices/mute/", notices.mute, name="notices-mute"),
    path("notices/unfollow/<int:subscription_id>/", notices.unfollow, name="notices-unfollow"),
    path("notices/stop/<str:stop_token>/", notices.stop, name="notices-stop"),
    path("password-reset/", account.password_reset, name="password-reset"),
    path("password-reset/sent/", account.password_reset_sent, name="password-reset-sent"),
    path("password-reset/<str:uid>/<str:token>/", account.password_reset_confirm, name="password-reset-confirm"),
    path("invitation/<str:token>/", account.invitation, name="invitation"),
]

urlpatterns = [path("account/", include(_account))]
