"""Addresses for admins: people, the start page, the audit log, redaction."""

from django.urls import include, path

from ..views import audit, people, redaction, setup, updates

_person = [
    path("", people.person, name="person"),
    path("edit/", people.person_edit, name="person-edit"),
    path("role/", people.person_role, name="person-role"),
    path("disable/", people.person_disable, name="person-disable"),
    path("enable/", people.person_enable, name="person-enable"),
    path("password-link/", people.person_password_link, name="person-password-link"),
]

urlpatterns = [
    path("people/", people.people_list, name="people"),
    path("people/invite/", people.person_invite, name="person-invite"),
    path("people/import/", people.people_import, name="people-import"),
    path("people/invitations/<int:invitation_id>/renew/", people.invitation_renew, name="invitation-renew"),
    path("people/invitations/<int:invitation_id>/revoke/", people.invitation_revoke, name="invitation-revoke"),
    path("people/<int:person_id>/", include(_person)),
    path("setup/", setup.setup, name="setup"),
    path("setup/status-links/", updates.status_links_allow, name="status-links-allow"),
    path("setup/example/", setup.example_remove, name="example-remove"),
    path("audit/", audit.audit_log, name="audit-log"),
    path("redaction/", redaction.redact, name="redaction"),
]
