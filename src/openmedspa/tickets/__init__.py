"""Tickets: what a practice asks for, what was said about it, and how it went."""
