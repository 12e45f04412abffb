"""The schema, as Django's models. ``fleet.plane`` works on the same tables by SQL; a test guards it."""
