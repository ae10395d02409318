"""The pages by which somebody comes to a key."""
