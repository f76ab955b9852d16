"""All queries: a protocol that services see, and its implementation in SQL."""
