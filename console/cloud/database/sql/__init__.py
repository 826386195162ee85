"""SQLite and PostgreSQL: tables, how they came to be, connections, and what they say when they refuse."""
