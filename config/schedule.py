"""The table of periodic jobs."""
