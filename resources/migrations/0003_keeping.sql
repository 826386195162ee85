-- How long pictures are kept and how they go: their size, what holds them, sealed crops beside them, erasures.

ALTER TABLE pictures ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0);  -- the file's; 0: not looked at yet

-- Which event a picture was made for stands in its purpose alone until the event is told of it.
CREATE INDEX pictures_of_events ON pictures (CAST(substr(purpose, 7) AS INTEGER)) WHERE purpose GLOB 'event [0-9]*: *';
CREATE INDEX pictures_without_size ON pictures (id) WHERE bytes = 0;

-- Crops that only the holder of a key can open. The file is synced before its row, as with pictures.
CREATE TABLE sealed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE CHECK (path <> '' AND path NOT LIKE '/%'),  -- relative to the home, with / on all systems
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),                     -- of the sealed file
    camera_id TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    event_id INTEGER REFERENCES events (id) ON DELETE SET NULL,
    key_id TEXT NOT NULL,                                                 -- which key opens it
    purpose TEXT NOT NULL,
    written_at TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0)                   -- the file's; 0: not looked at yet
) STRICT;

CREATE INDEX sealed_by_camera ON sealed (camera_id, id);
CREATE INDEX sealed_by_event ON sealed (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX sealed_without_size ON sealed (id) WHERE bytes = 0;

-- What waits for somebody (review, sync) holds its picture: as long as a row stands here, the picture can't be removed.
-- Only an erasure takes holds away, and counts them in its report.
CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    picture_id INTEGER REFERENCES pictures (id) ON DELETE RESTRICT,
    sealed_id INTEGER REFERENCES sealed (id) ON DELETE RESTRICT,
    why TEXT NOT NULL CHECK (why <> ''),                                  -- review, sync
    held_at TEXT NOT NULL,
    CHECK ((picture_id IS NULL) <> (sealed_id IS NULL)),
    UNIQUE (picture_id, why),
    UNIQUE (sealed_id, why)
) STRICT;

-- Erasures. While one is under way its row says what is to go, so that it goes on after a crash; once nothing is left to
-- look for, what was to go is forgotten, and only figures stay.
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,                                            -- its report's
    asked_at TEXT NOT NULL,
    ended_at TEXT,
    stage TEXT NOT NULL CHECK (stage IN ('rows', 'backups', 'logs', 'clean', 'done')),
    scope TEXT NOT NULL CHECK (json_valid(scope)),
    figures TEXT NOT NULL CHECK (json_valid(figures)),
    CHECK (stage NOT IN ('clean', 'done') OR scope = '{}'),
    CHECK ((stage = 'done') = (ended_at IS NOT NULL))
) STRICT;

-- The files of rows that an erasure under way has removed.
CREATE TABLE erasure_files (
    id INTEGER PRIMARY KEY,
    erasure_id INTEGER NOT NULL REFERENCES erasures (id) ON DELETE CASCADE,
    path TEXT NOT NULL
) STRICT;

CREATE INDEX erasure_files_by_erasure ON erasure_files (erasure_id);
