"""A provincial interface, simulated to the wire: three systems that know the same fictional people, and their vices."""
