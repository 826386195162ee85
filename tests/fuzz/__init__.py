"""Hostile bytes, by seed: whatever fails can be run again by its number."""
