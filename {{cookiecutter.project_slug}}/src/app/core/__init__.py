"""What every layer stands on: settings, database, errors, logging."""
