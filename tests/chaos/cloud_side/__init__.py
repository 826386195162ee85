"""What `tests.chaos.cloud` is made of: crops and what a model says of them, servers that are killed, a comparison."""
