"""How the outbox is emptied: a watch over all targets, and a lane for each that claims, sends and records."""
