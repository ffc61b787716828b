-- Orders are found by what they are called, however many there are (SPD-2). Every part of three signs is a key, and every
-- SKU as a whole. It stands beside the orders, which are written several times while they come in: their words are not.

CREATE TABLE order_words (
    store_id bigint NOT NULL,
    external_id text NOT NULL,
    words text NOT NULL,
    skus text[] NOT NULL,
    PRIMARY KEY (store_id, external_id)
);
COMMENT ON TABLE order_words IS
    'What orders are looked for by, kept by triggers: a copy of number, customer, e-mail and SKUs of store_orders.';
COMMENT ON COLUMN order_words.words IS 'number, customer and e-mail in the hub, in small letters';

CREATE FUNCTION order_keys(words text, skus text[], size integer, longest integer) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS
$$ SELECT ARRAY(SELECT substr(words, n, size) FROM generate_series(1, least(length(words), longest) - size + 1) n)
       || ARRAY(SELECT '=' || left(sku, longest) FROM unnest(skus) sku) $$;
COMMENT ON FUNCTION order_keys(text, text[], integer, integer) IS
    'What an order is found by: every part of its words of some signs, and its SKUs. What is longer than anything that has a name is cut.';

CREATE FUNCTION words_of(order_no text, customer text, email text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT lower(concat_ws(' ', order_no, customer, email)) $$;
COMMENT ON FUNCTION words_of(text, text, text) IS 'What an order is called, in small letters.';

CREATE FUNCTION keep_words_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_words (store_id, external_id, words, skus)
    SELECT store_id, external_id, public.words_of(order_no, hub_customer, hub_email), coalesce(skus, '{}')
    FROM new_orders;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION keep_words_of_new() IS 'Orders that were never seen before have words.';

CREATE FUNCTION keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM public.order_words WHERE store_id = OLD.store_id AND external_id = OLD.external_id;
    ELSE
        UPDATE public.order_words
        SET words = public.words_of(NEW.order_no, NEW.hub_customer, NEW.hub_email), skus = coalesce(NEW.skus, '{}')
        WHERE store_id = NEW.store_id AND external_id = NEW.external_id;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION keep_words() IS 'An order is called otherwise, has other SKUs, or is gone.';

CREATE TRIGGER new_order_has_words AFTER INSERT ON store_orders REFERENCING NEW TABLE AS new_orders
    FOR EACH STATEMENT EXECUTE FUNCTION keep_words_of_new();
CREATE TRIGGER order_has_other_words AFTER UPDATE ON store_orders FOR EACH ROW
    WHEN (OLD.order_no IS DISTINCT FROM NEW.order_no OR OLD.hub_customer IS DISTINCT FROM NEW.hub_customer
          OR OLD.hub_email IS DISTINCT FROM NEW.hub_email OR OLD.skus IS DISTINCT FROM NEW.skus)
    EXECUTE FUNCTION keep_words();
CREATE TRIGGER order_has_no_words AFTER DELETE ON store_orders FOR EACH ROW EXECUTE FUNCTION keep_words();

INSERT INTO order_words (store_id, external_id, words, skus)
SELECT store_id, external_id, words_of(order_no, hub_customer, hub_email), coalesce(skus, '{}') FROM store_orders;
CREATE INDEX order_words_keys ON order_words USING gin (order_keys(words, skus, 3, 600));
