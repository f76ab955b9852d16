"""All queries: protocols for services, and their SQL implementations."""
