"""Shared by all layers: settings, database, errors, logging."""
