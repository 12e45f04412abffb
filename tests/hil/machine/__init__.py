"""The emulated machine: its image, its process, a shell in it, and what a person at the gate would notice."""
