"""Practices: tenants and their locations."""
