"""Scheduling: providers, their hours, what may be booked, what is held and what is booked."""
