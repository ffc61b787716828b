-- A store may be set up before anything of it travels by itself (STG-1).

ALTER TABLE stores
    DROP CONSTRAINT stores_state_check,
    ADD CONSTRAINT stores_state_check CHECK (state IN ('inactive', 'active', 'paused', 'needs_attention', 'disconnected'));
