"""What IT staff run: a fleet's server. It enrols gates, receives what they record, and shows how they are.

``postgres`` keeps the database, ``registry`` is its schema (Django), ``plane`` is what gates talk to, ``console`` what
people see, ``publishing`` lets signed bundles go to ever more gates. The gate never imports any of it.
"""
