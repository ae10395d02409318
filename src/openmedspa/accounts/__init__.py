"""Accounts: who signs in to pages. Operators with password and code, partners with a key, and their sessions."""
