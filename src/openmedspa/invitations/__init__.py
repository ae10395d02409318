"""Invitations: the patient's own way into their visit, from the link to the answers they save."""
