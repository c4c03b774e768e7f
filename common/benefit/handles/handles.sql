-- step 1
-- Who is who, readable with the service's own key alone; see handles.h.
CREATE TABLE handle (
    handle INTEGER PRIMARY KEY,  -- random
    seek   BLOB NOT NULL UNIQUE, -- keyed hash of the member id
    sealed BLOB NOT NULL         -- the member id
) STRICT;
