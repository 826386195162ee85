"""Targets: a room for each kind, all behind the Protocol of `base`. A library is imported when a target is made."""
