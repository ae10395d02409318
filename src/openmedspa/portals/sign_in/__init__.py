"""Signing in to the operators' and the partners' pages, and out."""
