"""Build services for a request, for those who may use them.

In `api`, only this package imports repositories.
"""
