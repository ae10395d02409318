"""Notifications: e-mail and SMS to patients."""
