-- Which orders of shops Katana has, as far as polling shows it: whoever makes one for the first time need not ask for it
-- alone, which would be one more of sixty requests a minute (KAT-1, KAT-2). No buyer is named here.
CREATE TABLE katana_origins (
    key text PRIMARY KEY
);
CREATE TABLE katana_mirror (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    read_until timestamptz NOT NULL,
    next_page integer,
    refreshed_at timestamptz
);
COMMENT ON TABLE katana_origins IS 'shops'' orders that some sales order in Katana says it is, deleted ones included';
COMMENT ON COLUMN katana_origins.key IS 'platform, name of the shop and id of the order, as Katana has them';
COMMENT ON TABLE katana_mirror IS 'how far katana_origins goes; one line, from the first time on that Katana was asked';
COMMENT ON COLUMN katana_mirror.read_until IS 'whatever changed before is known, as far as Katana showed it then; of what is older, what its pages showed';
COMMENT ON COLUMN katana_mirror.next_page IS 'reading all orders goes on there; null: all were read, and what is not known is not there';
COMMENT ON COLUMN katana_mirror.refreshed_at IS 'somebody who makes orders has begun to read then what changed: one does it for all';
