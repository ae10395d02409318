"""Patients: records and matching."""
