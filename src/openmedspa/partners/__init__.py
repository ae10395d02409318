"""Partners: companies whose software talks to us, their keys and grants."""
