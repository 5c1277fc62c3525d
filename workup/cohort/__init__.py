"""Many cases at once: found, assessed in worker processes, gathered into tables and one page."""
