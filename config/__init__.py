"""Joins the two applications: settings, addresses, middleware, health, and the table of periodic jobs."""
