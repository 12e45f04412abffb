"""Where records about a holder come from."""
