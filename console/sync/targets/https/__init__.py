"""Targets over HTTPS: the Sightdesk cloud with mutual TLS, and webhooks that are signed."""
