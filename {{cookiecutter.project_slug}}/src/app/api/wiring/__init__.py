"""Build services for a request. In `api`, only this package imports repositories."""
