"""Usage: the audit trail."""
