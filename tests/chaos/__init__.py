"""A desk that is killed again and again, behind a network that breaks: what arrives is what was stored, each once."""
