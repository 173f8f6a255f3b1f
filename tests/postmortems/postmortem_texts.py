"""Documents of our own for the tests of the importer: one whole story, and the same in other shapes."""

STORY = """\
# Checkout shows a blank page

> A short story with a happy end.

## Issue Summary

Between 14:10 and 15:05 (GMT+2) on 4 March, customers who went to pay saw a blank page. It affected 40% of customers.

The change that set it off went live at 13:52 and moved the price table to another cache.

## Timeline

14:10 — The problem was detected by customers, who wrote to support.

14:16 — Support told the team on duty.

![a chart](https://pictures.example.org/chart.png)

14:31 — The team found that prices were read from an empty cache.

15:05 — The old cache was put back; payments work again.

## Root Cause and Resolution

Prices moved to a new cache. Nothing filled it before it was used, which caused the page to fail.

The old cache was put back.

## Corrective and preventive measures

Here is what we are going to change:

- Fill a new cache before it is switched to
- Add an alert for payments that stop
- Review changes to shared tables with a second person

## Conclusion

A cache is not a cupboard.
"""

DATED = STORY.replace("on 4 March,", "on 4 March 2024,")

TABLE = """\
# Search was slow

All times in CET.

## Summary

Search answered slowly because an index was being rebuilt.

## Timeline

| Time | Event |
| :--- | ----- |
| 2023-05-02 HH:mm | Short event description. |
| 2023-05-02 23:40~ | **Detection:** An alert fires. |
| 2023-05-03 00:10 | The rebuild is stopped. |
| 2023-05-03 00:1? | Search is fast again. |

## Contributing Factors

- **Timing**: the rebuild ran while people were working
- Nobody had been told

## Action Items

| Action | Owner |
|---|---|
| Run rebuilds at night | Kim |
"""

TEMPLATE = """\
# Postmortem template

## Summary
{{ what happened, in two sentences }}

## Timeline
- HH:mm - <Describe the first event here>

## Root cause
<Describe why it happened>

## Action items
- {{ action }}
"""

GUIDE = """\
# How to write a postmortem

## Summary
You should describe the outage in two sentences. Explain which service was down and include the zone.

## Timeline
List what you did, and when. You must include misleading paths.

## Root cause
Explain in detail what was causing the issue. You should write this for your peers.
"""

README = """\
# A small web server

## Installation
Run the installer, then open the page in a browser. It listens on port 8000.

## Tasks
- Add a command line
- Publish a package
"""
