"""The documentation that this version carries with it: guides, reference, error pages."""
