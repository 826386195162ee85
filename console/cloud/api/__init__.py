"""What the cloud says over HTTP: messages in, answers once they are kept, what is known of an ID, how it stands."""
