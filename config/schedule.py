"""The table of periodic jobs: what runs at night, and how often. Workers read it by the setting SCHEDULE."""

import datetime as dt

from incidents import jobs
from incidents.domain import updates
from incidents.jobs import Job
from incidents.notifications import calls, reminders
from postmortems.domain import reviews
from postmortems.search import index, keeping

MINUTELY = dt.timedelta(minutes=1)
DAILY = dt.timedelta(days=1)

JOBS = (
    # The worker looks at its jobs every fifteen seconds.
    Job("escalate-calls", dt.timedelta(seconds=10), calls.escalate),
    Job("remind-of-action-items", dt.timedelta(minutes=15), reminders.remind),
    Job("nudge-for-updates", MINUTELY, updates.nudge),
    Job("count-new-lines", MINUTELY, keeping.count_new_lines),
    Job("nudge-for-reviews", dt.timedelta(minutes=15), reviews.nudge),
    Job("learn-words", dt.timedelta(minutes=5), index.learn),
    Job("purge-sessions", DAILY, jobs.purge_sessions),
    Job("purge-login-attempts", DAILY, jobs.purge_login_attempts),
    Job("purge-invitations", DAILY, jobs.purge_invitations),
    Job("purge-deliveries", DAILY, jobs.purge_deliveries),
    Job("purge-heartbeats", DAILY, jobs.purge_heartbeats),
)
