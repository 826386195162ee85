"""The dialog in which keys are changed: what a change would mean (`draft`), a field that takes a key, and the list."""
