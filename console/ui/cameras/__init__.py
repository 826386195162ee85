"""Cameras: the page that lists them, the dialogs that add, change, import and copy them."""
