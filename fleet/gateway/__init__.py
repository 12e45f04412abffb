"""The city's one point between gates and provincial interfaces: gates ask here; nobody else holds an issuer's key."""
