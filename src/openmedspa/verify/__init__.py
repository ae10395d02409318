"""A conformance kit for the exam API: asks any server what the contract promises. Imports nothing of our own server."""
