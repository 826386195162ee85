"""What a site remembers: one SQLite database in its home, written by one thread, read by anybody.

May enter: connections, the writer, numbered migrations (their SQL is in `resources/migrations`), and one file per
table for the rows it holds. May not enter: what rows mean to an operator, anything that decides, pixels. Rooms above
hand jobs to `Store.write` and believe nothing is stored before its future says so.
"""
