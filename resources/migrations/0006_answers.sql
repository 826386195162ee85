-- What the cloud answered about what was sent to it, and sealed crops of doubtful detections.

-- The review item that a sealed crop belongs to; of an event it is event_id, never both.
ALTER TABLE sealed ADD COLUMN item_id INTEGER REFERENCES review_items (id) ON DELETE SET NULL;
CREATE INDEX sealed_by_item ON sealed (item_id) WHERE item_id IS NOT NULL;

-- An answer: what came of one file that was sent, with one of the cloud's tasks. Of one epoch the one with the higher
-- number counts, and one of a later epoch before all of an earlier one.
CREATE TABLE answers (
    target TEXT NOT NULL CHECK (target <> ''),
    message_id TEXT NOT NULL CHECK (length(message_id) = 36),            -- of the message that carried the file
    task TEXT NOT NULL CHECK (task <> ''),
    number INTEGER NOT NULL,                                             -- the cloud's
    tracking_id TEXT NOT NULL CHECK (length(tracking_id) = 36),
    camera_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('done', 'failed')),
    why TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    answered_at TEXT NOT NULL,                                           -- by the cloud's clock
    received_at TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,                                    -- of its cursor, when it came
    PRIMARY KEY (target, message_id, task)
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_by_tracking_id ON answers (tracking_id);

-- How far the answers of a cloud were fetched, and how that went last.
CREATE TABLE answer_cursors (
    target TEXT PRIMARY KEY CHECK (target <> ''),
    store TEXT NOT NULL DEFAULT '',                                      -- the cloud's database that numbers are of; empty: none answered yet
    number INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,                                    -- how often numbers began anew: another store, or one from a backup
    takes TEXT NOT NULL DEFAULT '["picture", "sealed"]' CHECK (json_valid(takes)),  -- kinds of messages that it looks at
    came INTEGER NOT NULL DEFAULT 0,                                     -- so many answers were stored, ever
    came_at TEXT,                                                        -- when the last was
    fetched_at TEXT,                                                     -- when it was asked last and answered; to the minute
    problem TEXT NOT NULL DEFAULT '',                                    -- why answers can't be fetched, in words
    hint TEXT NOT NULL DEFAULT '',
    problem_kind TEXT NOT NULL DEFAULT '',
    failing_since TEXT
) STRICT;
