"""The live page: the wall, the focus panel, the events, and what an operator does with a tile."""
