"""The pages of a partner about itself."""
