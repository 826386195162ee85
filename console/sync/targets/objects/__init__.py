"""Object stores and folders, laid out so that training tools read them as they are."""
