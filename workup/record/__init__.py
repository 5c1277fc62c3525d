"""Patient records: read, checked and turned into what the criteria may ask."""
