"""Catalog: products, one list for the whole platform."""
