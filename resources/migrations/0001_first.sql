-- What every later table hangs on: facts about this database, runs of the program, pictures that were written.
-- Times are UTC, ISO 8601 with microseconds and +00:00. Order rows by their integer key, never by a time or a UUID:
-- a clock can be set back.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;  -- not WITHOUT ROWID: sqlite-utils' insert asks for the rowid

-- One row for each run of the program that opened this database for writing.
CREATE TABLE boot (
    id INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL UNIQUE,
    started_at TEXT NOT NULL,
    version TEXT NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL
) STRICT;

-- Pictures on disk. The file is synced before its row: a file without a row is an orphan and may be swept.
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE CHECK (path <> '' AND path NOT LIKE '/%'),  -- relative to the home, with / on all systems
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    width INTEGER NOT NULL CHECK (width > 0),                             -- pixels, as written
    height INTEGER NOT NULL CHECK (height > 0),
    camera_id TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    boot_id TEXT NOT NULL REFERENCES boot (boot_id),
    policy TEXT NOT NULL,                                                 -- the redaction policy's name
    policy_json TEXT NOT NULL CHECK (json_valid(policy_json)),            -- and all of it, as it was applied
    purpose TEXT NOT NULL,
    written_at TEXT NOT NULL
) STRICT;

CREATE INDEX pictures_by_camera ON pictures (camera_id, id);
