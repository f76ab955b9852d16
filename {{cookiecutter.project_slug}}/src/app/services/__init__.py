"""Business rules. They know no HTTP, no SQL and no framework."""
