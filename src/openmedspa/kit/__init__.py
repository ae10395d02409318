"""The kit: what every room needs and no business word."""
