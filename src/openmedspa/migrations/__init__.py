"""Numbered SQL files, applied once each by `openmedspa db upgrade`."""
