"""MongoDB: documents, indexes, transactions, and what it says when it refuses.

What this relies on, by MongoDB's documentation: transactions over several documents, which only a replica set (one
member is enough) or a sharded cluster has, from version 4.4 on; read concern `snapshot`, write concern `majority` with
the journal. What is the same for all kinds of databases stands in `console.cloud.database.base`.

Written against the official driver (pymongo) and tried on mongomock, which has neither transactions nor conflicts of
two that write at once: nobody has run it against a server yet.
"""
