"""Answers: what clouds found in the files that were sent to them, fetched beside the sending and in nobody's way."""
