"""Reading the built-in catalogue."""

from __future__ import annotations

from functools import cache
from importlib import resources

from ruamel.yaml import YAML

from console.catalog.entries import Book


@cache
def built_in() -> Book:
    """The catalogue that ships with the program (resources/catalog.yaml); read once, about 30 ms."""
    text = resources.files("resources").joinpath("catalog.yaml").read_text("utf-8")
    return Book.model_validate(YAML(typ="safe", pure=True).load(text))
