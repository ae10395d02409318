"""Pages for who tries the product out: staging only, and from this computer only."""
