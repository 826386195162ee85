"""Targets: one file for each kind, all behind the Protocol of `base`. A file imports its library when one is made."""
