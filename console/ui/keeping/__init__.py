"""What is kept of each camera, for how long and why longer; and erasing it.

May enter: the dialog and its parts. May not enter: what is found and removed, which is `console.privacy`'s.
"""
