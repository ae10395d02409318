"""The exam contract as checks, a file for each chapter."""
