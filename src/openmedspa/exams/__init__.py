"""Exams: visits, intake, decisions, the record."""
