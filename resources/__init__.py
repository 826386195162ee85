"""Data only, read through importlib.resources: the catalogue, SQL migrations; later icons, theme and translations."""
