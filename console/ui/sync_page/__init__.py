"""The Sync page: what leaves the site, where to, how far it is, and the whole way of every single item."""
