"""Treatments: the catalogue and a practice's favourites."""
