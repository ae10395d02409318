"""All SQL on people, by noun: people, their history, tags, search."""
