"""What differs from one database driver to the next, a module for each database."""
