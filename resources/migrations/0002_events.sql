-- Events: the first sight of a track that a rule asked for. The row comes first and alone; its picture follows, or the
-- words why there is none. A row without either was cut off by a crash and is mended at the next start.

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,                                -- never given twice, whatever was removed
    camera_id TEXT NOT NULL,
    camera_name TEXT NOT NULL,                                           -- as it was called then
    label TEXT NOT NULL,                                                 -- the class, as the model names it
    track INTEGER NOT NULL,                                              -- the tracker's number, within boot and camera
    rule TEXT NOT NULL,                                                  -- name of the rule that asked for it
    sound TEXT NOT NULL,
    score REAL NOT NULL,
    x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,  -- pixels of a picture of this size:
    width INTEGER NOT NULL, height INTEGER NOT NULL,
    seen_at TEXT NOT NULL,                                               -- UTC, when the track was seen first; a camera's clock may be wrong
    recorded_at TEXT NOT NULL,                                           -- UTC of this machine: what retention goes by
    boot_id TEXT NOT NULL REFERENCES boot (boot_id),
    picture_id INTEGER REFERENCES pictures (id) ON DELETE SET NULL,
    picture_why TEXT NOT NULL DEFAULT '',                                -- why there is no picture, in words
    acknowledged_by TEXT CHECK (acknowledged_by <> ''),
    acknowledged_at TEXT,                                                -- UTC
    acknowledged_boot TEXT REFERENCES boot (boot_id),
    CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL)),
    CHECK ((acknowledged_by IS NULL) = (acknowledged_boot IS NULL))
) STRICT;

CREATE INDEX events_by_camera ON events (camera_id, id);
CREATE INDEX events_by_label ON events (label, id);
CREATE INDEX events_by_camera_and_label ON events (camera_id, label, id);
CREATE INDEX events_by_rule ON events (rule, id);
CREATE INDEX events_by_picture ON events (picture_id) WHERE picture_id IS NOT NULL;
CREATE INDEX events_new ON events (id) WHERE acknowledged_at IS NULL;
CREATE INDEX events_new_by_camera ON events (camera_id, id) WHERE acknowledged_at IS NULL;
CREATE INDEX events_new_by_label ON events (label, id) WHERE acknowledged_at IS NULL;
CREATE INDEX events_cut_off ON events (id) WHERE picture_id IS NULL AND picture_why = '';

-- One row that counts every change of the events, so that a screen knows with one look whether there is anything new.
CREATE TABLE events_changed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO events_changed VALUES (1, 0);
