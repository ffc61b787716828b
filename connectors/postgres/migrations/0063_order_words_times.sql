-- Words know when their order changed: the newest that are called so are found among words alone, which are small. What is
-- sorted by is in no index of theirs, so that it is written in place.

DROP INDEX order_words_keys;
ALTER TABLE order_words ADD COLUMN store_updated_at timestamptz;
ALTER TABLE order_words SET (fillfactor = 90);
COMMENT ON COLUMN order_words.store_updated_at IS 'our copy, to sort by';

CREATE OR REPLACE FUNCTION keep_words_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_words (store_id, external_id, words, skus, store_updated_at)
    SELECT store_id, external_id, public.words_of(order_no, hub_customer, hub_email), coalesce(skus, '{}'), store_updated_at
    FROM new_orders;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM public.order_words WHERE store_id = OLD.store_id AND external_id = OLD.external_id;
    ELSE
        UPDATE public.order_words
        SET words = public.words_of(NEW.order_no, NEW.hub_customer, NEW.hub_email), skus = coalesce(NEW.skus, '{}'),
            store_updated_at = NEW.store_updated_at
        WHERE store_id = NEW.store_id AND external_id = NEW.external_id;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION keep_words() IS 'An order changed, is called otherwise, has other SKUs, or is gone.';

DROP TRIGGER order_has_other_words ON store_orders;
CREATE TRIGGER order_has_other_words AFTER UPDATE ON store_orders FOR EACH ROW
    WHEN (OLD.order_no IS DISTINCT FROM NEW.order_no OR OLD.hub_customer IS DISTINCT FROM NEW.hub_customer
          OR OLD.hub_email IS DISTINCT FROM NEW.hub_email OR OLD.skus IS DISTINCT FROM NEW.skus
          OR OLD.store_updated_at IS DISTINCT FROM NEW.store_updated_at)
    EXECUTE FUNCTION keep_words();

TRUNCATE order_words;
INSERT INTO order_words (store_id, external_id, words, skus, store_updated_at)
SELECT store_id, external_id, words_of(order_no, hub_customer, hub_email), coalesce(skus, '{}'), store_updated_at
FROM store_orders;
CREATE INDEX order_words_keys ON order_words USING gin (order_keys(words, skus, 3, 600));
