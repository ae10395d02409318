"""The tables of contents: every URL of the product, one line each."""
