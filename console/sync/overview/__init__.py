"""What is asked of the outbox: how it stands with each target, where a tracking ID is, what is or will be wrong."""
