"""Who passed a site in a few hours: asked by two people together, for a case, and on record before anything opens."""
