"""The frame and the look that all pages share."""
