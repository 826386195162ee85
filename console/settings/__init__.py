"""What the operator asked for: the settings' shape, the YAML file they live in, the home folder, the secrets' names.

May enter: pydantic models of settings, their file, the home and its lock, secrets and what keeps them out of texts.
May not enter: anything that acts on them; settings are desired state and `console.site` reconciles.
"""
