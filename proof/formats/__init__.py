"""Formats of deployment files: what they say, and what is wrong with it."""
