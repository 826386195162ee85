"""The settings page: made from the settings' own models, so that no setting is ever missing on screen."""
