"""The table of periodic jobs: what runs at night, and how often. Workers read it by the setting SCHEDULE."""

import datetime as dt

from incidents import jobs
from incidents.jobs import Job

DAILY = dt.timedelta(days=1)

JOBS = (
    Job("purge-sessions", DAILY, jobs.purge_sessions),
    Job("purge-login-attempts", DAILY, jobs.purge_login_attempts),
    Job("purge-invitations", DAILY, jobs.purge_invitations),
    Job("purge-deliveries", DAILY, jobs.purge_deliveries),
    Job("purge-heartbeats", DAILY, jobs.purge_heartbeats),
)
