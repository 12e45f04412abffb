"""Asking servers: verified TLS, one deadline over everything, bounded answers. Blocking; callers bring threads."""
