"""Usage: the audit trail, the log of calls, and its figures."""
