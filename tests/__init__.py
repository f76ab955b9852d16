"""The template's own tests, and the proof of what it generates."""
