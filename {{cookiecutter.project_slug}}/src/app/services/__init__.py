"""Business rules, independent of HTTP, SQL and the framework."""
