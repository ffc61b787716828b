-- Whoever means the account's default location says so: which that is stands in the code, with the other defaults.
CREATE OR REPLACE FUNCTION hub.place(asked text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_id bigint;
BEGIN
    SELECT id INTO found_id FROM hub.locations WHERE code = asked;
    IF found_id IS NULL THEN
        RAISE EXCEPTION 'there is no location %', asked USING ERRCODE = 'HB001';
    END IF;
    RETURN found_id;
END $$;
COMMENT ON FUNCTION hub.place IS 'The id of a location''s code.';
