"""Services for a request. HTTP meets the database only here."""
