"""The composition root without a screen: from a home and its settings to a running site.

May enter: what puts the rooms below together and reconciles them with the settings. May not enter: Qt, commands.
"""
