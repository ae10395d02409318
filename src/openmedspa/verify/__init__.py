"""A conformance kit for both APIs: asks any server what their contracts promise. Imports nothing of our own server."""
