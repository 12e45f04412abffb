"""The same certificates through this project and through every other verifier that installs from PyPI or npm."""
