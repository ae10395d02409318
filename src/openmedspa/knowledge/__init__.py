"""Knowledge: articles for the whole platform, and what they said before."""
