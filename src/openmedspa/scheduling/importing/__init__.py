"""Schedules from files: providers, their hours, bookings, and what other calendars say is busy."""
