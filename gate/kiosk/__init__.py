"""The screen: a small local web server and its page."""
