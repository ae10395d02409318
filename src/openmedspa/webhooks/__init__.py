"""Webhooks: endpoints, subscriptions, events, delivery, signing."""
