"""Other people's test suites: their cases, and what counts as holding."""
