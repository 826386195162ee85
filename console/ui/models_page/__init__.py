"""The Models page: what models there are, what really runs where, measuring, activating, rolling back."""
