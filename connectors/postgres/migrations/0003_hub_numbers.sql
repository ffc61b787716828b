-- The hub keeps its own numbers right, whoever writes: stock, commitments, batches, statuses, and the guards.

CREATE TYPE hub.pieces AS (variant_id bigint, location_id bigint, quantity numeric, row_id bigint);

-- A bundle on a row commits itself and, in `committed` only, its components. Sorted, so that two writers never deadlock.
CREATE FUNCTION hub.commit_pieces(changes hub.pieces[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hub.stock AS s (variant_id, location_id, committed, committed_direct)
    SELECT d.variant_id, d.location_id, sum(d.committed), sum(d.direct)
    FROM (
        SELECT variant_id, location_id, quantity AS committed, quantity AS direct FROM unnest(changes)
        UNION ALL
        SELECT c.component_id, u.location_id, u.quantity * c.quantity, 0
        FROM unnest(changes) u JOIN hub.bundle_components c ON c.bundle_id = u.variant_id
    ) d
    GROUP BY d.variant_id, d.location_id
    HAVING sum(d.committed) <> 0 OR sum(d.direct) <> 0
    ORDER BY d.variant_id, d.location_id
    ON CONFLICT (variant_id, location_id) DO UPDATE
    SET committed = s.committed + excluded.committed,
        committed_direct = s.committed_direct + excluded.committed_direct;
END $$;

-- What a row's pieces are on the shelf: the item itself, or a bundle's components.
CREATE FUNCTION hub.on_shelf(changes hub.pieces[])
RETURNS TABLE (row_id bigint, variant_id bigint, location_id bigint, quantity numeric, per_piece numeric)
LANGUAGE sql STABLE AS $$
    SELECT u.row_id, coalesce(c.component_id, u.variant_id), u.location_id,
           u.quantity * coalesce(c.quantity, 1), coalesce(c.quantity, 1)
    FROM unnest(changes) u LEFT JOIN hub.bundle_components c ON c.bundle_id = u.variant_id
$$;

CREATE FUNCTION hub.take_pieces(changes hub.pieces[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO hub.stock_moves (variant_id, location_id, delta, kind, source_id)
    SELECT variant_id, location_id, -quantity, 'sale', row_id
    FROM hub.on_shelf(changes) ORDER BY variant_id, location_id, row_id
$$;

-- Taken pieces of batch-tracked items come from batches, first received first; what no batch has stays unassigned
-- (FUL-4). Batches that were named beforehand count; pieces put back are given back to the latest batch.
CREATE FUNCTION hub.assign_batches(changes hub.pieces[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    item record;
    missing numeric;
BEGIN
    FOR item IN
        SELECT s.*, r.taken_quantity * s.per_piece AS taken
        FROM hub.on_shelf(changes) s
        JOIN hub.variants v ON v.id = s.variant_id
        JOIN hub.products p ON p.id = v.product_id AND p.batch_tracked
        JOIN hub.sales_order_rows r ON r.id = s.row_id
        ORDER BY s.variant_id, s.location_id, s.row_id
    LOOP
        PERFORM 1 FROM hub.batch_stock s JOIN hub.batches b ON b.id = s.batch_id
        WHERE b.variant_id = item.variant_id AND s.location_id = item.location_id
        ORDER BY s.batch_id FOR UPDATE OF s;
        SELECT item.taken - coalesce(sum(a.quantity), 0) INTO missing
        FROM hub.row_batches a JOIN hub.batches b ON b.id = a.batch_id
        WHERE a.row_id = item.row_id AND b.variant_id = item.variant_id;
        IF missing < 0 THEN
            PERFORM hub.release_batches(item.row_id, item.variant_id, -missing);
        ELSE
            INSERT INTO hub.row_batches AS a (row_id, batch_id, location_id, quantity)
            SELECT item.row_id, f.batch_id, item.location_id,
                   least(f.in_stock, least(missing, item.quantity) - f.before)
            FROM (
                SELECT s.batch_id, s.in_stock,
                       sum(s.in_stock) OVER (ORDER BY b.received_at, b.id) - s.in_stock AS before
                FROM hub.batch_stock s JOIN hub.batches b ON b.id = s.batch_id
                WHERE b.variant_id = item.variant_id AND s.location_id = item.location_id AND s.in_stock > 0
            ) f
            WHERE f.before < least(missing, item.quantity)
            ON CONFLICT (row_id, batch_id) DO UPDATE SET quantity = a.quantity + excluded.quantity;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION hub.release_batches(of_row bigint, of_variant bigint, pieces numeric) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT a.batch_id, a.quantity FROM hub.row_batches a JOIN hub.batches b ON b.id = a.batch_id
        WHERE a.row_id = of_row AND b.variant_id = of_variant ORDER BY b.received_at DESC, b.id DESC
    LOOP
        EXIT WHEN pieces <= 0;
        IF held.quantity <= pieces THEN
            DELETE FROM hub.row_batches WHERE row_id = of_row AND batch_id = held.batch_id;
        ELSE
            UPDATE hub.row_batches SET quantity = quantity - pieces WHERE row_id = of_row AND batch_id = held.batch_id;
        END IF;
        pieces := pieces - held.quantity;
    END LOOP;
END $$;

-- An order's status looks at the rows that ship, at all of them where none does; fees are delivered with the last
-- shipping row. The order is locked first: of two parallel deliveries the later one sees both.
CREATE FUNCTION hub.follow_orders(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM hub.sales_orders WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE hub.sales_order_rows r SET commits = false
    FROM hub.sales_orders o
    WHERE o.id = r.sales_order_id AND o.id = ANY (ids) AND (o.voided OR o.closed) AND r.commits;
    UPDATE hub.sales_order_rows r SET delivered_quantity = r.quantity, packed_quantity = 0
    WHERE r.sales_order_id = ANY (ids) AND NOT r.ships AND r.delivered_quantity < r.quantity
      AND (SELECT bool_and(x.status = 'DELIVERED') FROM hub.sales_order_rows x
           WHERE x.sales_order_id = r.sales_order_id AND x.ships);
    UPDATE hub.sales_orders o
    SET status = s.status,
        packed = o.packed OR s.status IN ('PACKED', 'DELIVERED'),
        shipped = o.shipped OR s.status = 'DELIVERED'
    FROM (
        SELECT i.id, CASE
            WHEN bool_and(r.status = 'DELIVERED') THEN 'DELIVERED'
            WHEN bool_or(r.delivered_quantity > 0) THEN 'PARTIALLY_DELIVERED'
            WHEN bool_and(r.status = 'PACKED') THEN 'PACKED'
            WHEN bool_or(r.packed_quantity > 0) THEN 'PARTIALLY_PACKED'
            ELSE 'NOT_SHIPPED' END AS status
        FROM unnest(ids) i (id)
        LEFT JOIN hub.sales_order_rows r ON r.sales_order_id = i.id AND (r.ships OR NOT EXISTS (
            SELECT FROM hub.sales_order_rows x WHERE x.sales_order_id = i.id AND x.ships))
        GROUP BY i.id
    ) s
    WHERE o.id = s.id AND o.status <> s.status;
END $$;

-- A new row takes nothing off in stock, even when it comes delivered: those pieces left before the hub knew of them
-- (MAP-8), and in stock falls only when something is packed or delivered here (STK-2).
CREATE FUNCTION hub.remember_gone_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.gone_before := NEW.packed_quantity + NEW.delivered_quantity;
    RETURN NEW;
END $$;
CREATE TRIGGER row_came_shipped BEFORE INSERT ON hub.sales_order_rows FOR EACH ROW
    WHEN (NEW.packed_quantity + NEW.delivered_quantity <> NEW.gone_before) EXECUTE FUNCTION hub.remember_gone_before();
CREATE TRIGGER row_was_not_shipped_after_all BEFORE UPDATE ON hub.sales_order_rows FOR EACH ROW
    WHEN (NEW.packed_quantity + NEW.delivered_quantity < NEW.gone_before) EXECUTE FUNCTION hub.remember_gone_before();

CREATE FUNCTION hub.rows_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.commit_pieces(ARRAY(
        SELECT (variant_id, location_id, open_quantity, id)::hub.pieces FROM new_rows
        WHERE kind = 'product' AND open_quantity <> 0));
    -- An ordinary new order has nothing to follow: this is the way every import takes.
    IF EXISTS (SELECT FROM new_rows n JOIN hub.sales_orders o ON o.id = n.sales_order_id
               WHERE n.status <> 'NOT_SHIPPED' OR o.status <> 'NOT_SHIPPED' OR o.voided OR o.closed) THEN
        PERFORM hub.follow_orders(ARRAY(SELECT DISTINCT sales_order_id FROM new_rows));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rows_inserted AFTER INSERT ON hub.sales_order_rows
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.rows_inserted();

CREATE FUNCTION hub.rows_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken hub.pieces[] := ARRAY(
        SELECT (n.variant_id, n.location_id, n.taken_quantity - o.taken_quantity, n.id)::hub.pieces
        FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.kind = 'product' AND n.taken_quantity <> o.taken_quantity);
BEGIN
    PERFORM hub.commit_pieces(ARRAY(
        SELECT (variant_id, location_id, open_quantity, id)::hub.pieces FROM new_rows WHERE kind = 'product'
        UNION ALL
        SELECT (variant_id, location_id, -open_quantity, id)::hub.pieces FROM old_rows WHERE kind = 'product'));
    IF taken <> '{}' THEN
        PERFORM hub.take_pieces(taken);
        PERFORM hub.assign_batches(taken);
    END IF;
    PERFORM hub.follow_orders(ids) FROM (
        SELECT array_agg(DISTINCT n.sales_order_id) AS ids FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.status <> o.status OR n.ships <> o.ships) moved WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER rows_updated AFTER UPDATE ON hub.sales_order_rows
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.rows_updated();

-- What a deleted row had taken goes back on the shelf; its batches get theirs back by their own trigger.
CREATE FUNCTION hub.rows_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.commit_pieces(ARRAY(
        SELECT (variant_id, location_id, -open_quantity, id)::hub.pieces FROM old_rows
        WHERE kind = 'product' AND open_quantity <> 0));
    PERFORM hub.take_pieces(ARRAY(
        SELECT (variant_id, location_id, -taken_quantity, id)::hub.pieces FROM old_rows
        WHERE kind = 'product' AND taken_quantity <> 0));
    PERFORM hub.follow_orders(ARRAY(SELECT DISTINCT sales_order_id FROM old_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER rows_deleted AFTER DELETE ON hub.sales_order_rows
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.rows_deleted();

-- A voided or closed order promises nothing any more.
CREATE FUNCTION hub.order_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hub.sales_order_rows SET commits = NOT (NEW.voided OR NEW.closed) WHERE sales_order_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER order_ended AFTER UPDATE OF voided, closed ON hub.sales_orders FOR EACH ROW
    WHEN ((OLD.voided OR OLD.closed) <> (NEW.voided OR NEW.closed)) EXECUTE FUNCTION hub.order_ended();

CREATE FUNCTION hub.row_batches_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE hub.batch_stock SET in_stock = in_stock + OLD.quantity
        WHERE batch_id = OLD.batch_id AND location_id = OLD.location_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE hub.batch_stock SET in_stock = in_stock - NEW.quantity
        WHERE batch_id = NEW.batch_id AND location_id = NEW.location_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER row_batches_moved AFTER INSERT OR UPDATE OR DELETE ON hub.row_batches
    FOR EACH ROW EXECUTE FUNCTION hub.row_batches_moved();

CREATE FUNCTION hub.invoice_rows_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE hub.sales_order_rows SET invoiced_quantity = invoiced_quantity - OLD.quantity WHERE id = OLD.row_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE hub.sales_order_rows SET invoiced_quantity = invoiced_quantity + NEW.quantity WHERE id = NEW.row_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER invoice_rows_moved AFTER INSERT OR UPDATE OR DELETE ON hub.invoice_rows
    FOR EACH ROW EXECUTE FUNCTION hub.invoice_rows_moved();

-- Two statements for batches: a check looks at the row proposed by an upsert, and a delta may be negative.
CREATE FUNCTION hub.moves_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_moves m JOIN hub.settings s ON (m.moved_at AT TIME ZONE 'UTC')::date <= s.locked_until) THEN
        RAISE EXCEPTION 'inventory is locked up to and including %', (SELECT locked_until FROM hub.settings)
            USING ERRCODE = 'HB001';
    END IF;
    INSERT INTO hub.stock AS s (variant_id, location_id, in_stock)
    SELECT variant_id, location_id, sum(delta) FROM new_moves WHERE kind <> 'count'
    GROUP BY variant_id, location_id ORDER BY variant_id, location_id
    ON CONFLICT (variant_id, location_id) DO UPDATE SET in_stock = s.in_stock + excluded.in_stock;
    IF EXISTS (SELECT FROM new_moves WHERE batch_id IS NOT NULL) THEN
        INSERT INTO hub.batch_stock (batch_id, location_id, in_stock)
        SELECT DISTINCT batch_id, location_id, 0 FROM new_moves WHERE batch_id IS NOT NULL ORDER BY batch_id, location_id
        ON CONFLICT DO NOTHING;
        UPDATE hub.batch_stock s SET in_stock = s.in_stock + d.delta
        FROM (SELECT batch_id, location_id, sum(delta) AS delta FROM new_moves GROUP BY batch_id, location_id) d
        WHERE s.batch_id = d.batch_id AND s.location_id = d.location_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER moves_inserted AFTER INSERT ON hub.stock_moves
    REFERENCING NEW TABLE AS new_moves FOR EACH STATEMENT EXECUTE FUNCTION hub.moves_inserted();

-- Somebody set a level by hand: the ledger records it, so that its sum stays the level. Depth 0 is a person's statement.
CREATE FUNCTION hub.stock_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hub.stock_moves (variant_id, location_id, delta, kind)
    VALUES (NEW.variant_id, NEW.location_id,
            NEW.in_stock - CASE WHEN TG_OP = 'UPDATE' THEN OLD.in_stock ELSE 0 END, 'count');
    RETURN NULL;
END $$;
CREATE TRIGGER stock_counted AFTER UPDATE OF in_stock ON hub.stock FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND OLD.in_stock <> NEW.in_stock) EXECUTE FUNCTION hub.stock_counted();
CREATE TRIGGER stock_first_counted AFTER INSERT ON hub.stock FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.in_stock <> 0) EXECUTE FUNCTION hub.stock_counted();

-- An open manufacturing or purchase order is expected, an arrived one is in stock, in a batch where the item has them.
CREATE FUNCTION hub.count_supply(item hub.pieces, has_arrived boolean, of_kind text, in_batch text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    batch bigint;
BEGIN
    IF NOT has_arrived THEN
        INSERT INTO hub.stock AS s (variant_id, location_id, expected)
        VALUES (item.variant_id, item.location_id, item.quantity)
        ON CONFLICT (variant_id, location_id) DO UPDATE SET expected = s.expected + excluded.expected;
        RETURN;
    END IF;
    IF (SELECT p.batch_tracked FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
        WHERE v.id = item.variant_id) THEN
        INSERT INTO hub.batches AS b (variant_id, batch_no) VALUES (item.variant_id, in_batch)
        ON CONFLICT (variant_id, batch_no) DO UPDATE SET batch_no = b.batch_no RETURNING b.id INTO batch;
    END IF;
    INSERT INTO hub.stock_moves (variant_id, location_id, batch_id, delta, kind, source_id)
    VALUES (item.variant_id, item.location_id, batch, item.quantity, of_kind, item.row_id);
END $$;

CREATE FUNCTION hub.mo_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM hub.count_supply((OLD.variant_id, OLD.location_id, -OLD.quantity, OLD.id)::hub.pieces,
                                 OLD.status = 'DONE', 'manufacturing', 'MO-' || OLD.id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM hub.count_supply((NEW.variant_id, NEW.location_id, NEW.quantity, NEW.id)::hub.pieces,
                                 NEW.status = 'DONE', 'manufacturing', 'MO-' || NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mo_made AFTER INSERT OR DELETE ON hub.manufacturing_orders FOR EACH ROW EXECUTE FUNCTION hub.mo_moved();
CREATE TRIGGER mo_moved AFTER UPDATE ON hub.manufacturing_orders FOR EACH ROW
    WHEN ((OLD.variant_id, OLD.location_id, OLD.quantity, OLD.status = 'DONE')
          IS DISTINCT FROM (NEW.variant_id, NEW.location_id, NEW.quantity, NEW.status = 'DONE'))
    EXECUTE FUNCTION hub.mo_moved();

CREATE FUNCTION hub.po_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM hub.count_supply((OLD.variant_id, OLD.location_id, -OLD.quantity, OLD.id)::hub.pieces,
                                 OLD.received_at IS NOT NULL, 'purchase', coalesce(OLD.batch_no, 'PO-' || OLD.id));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM hub.count_supply((NEW.variant_id, NEW.location_id, NEW.quantity, NEW.id)::hub.pieces,
                                 NEW.received_at IS NOT NULL, 'purchase', coalesce(NEW.batch_no, 'PO-' || NEW.id));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER po_made AFTER INSERT OR DELETE ON hub.purchase_orders FOR EACH ROW EXECUTE FUNCTION hub.po_moved();
CREATE TRIGGER po_moved AFTER UPDATE ON hub.purchase_orders FOR EACH ROW
    WHEN ((OLD.variant_id, OLD.location_id, OLD.quantity, OLD.batch_no, OLD.received_at IS NULL)
          IS DISTINCT FROM (NEW.variant_id, NEW.location_id, NEW.quantity, NEW.batch_no, NEW.received_at IS NULL))
    EXECUTE FUNCTION hub.po_moved();

-- Guards ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION hub.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'HB001'; END $$;

CREATE TRIGGER moves_are_append_only BEFORE UPDATE OR DELETE ON hub.stock_moves FOR EACH STATEMENT
    EXECUTE FUNCTION hub.refuse('the ledger of stock moves is append-only');
CREATE TRIGGER shipped_row_stays BEFORE UPDATE ON hub.sales_order_rows FOR EACH ROW
    WHEN (OLD.packed_quantity + OLD.delivered_quantity > 0
          AND (OLD.sales_order_id, OLD.variant_id, OLD.location_id, OLD.kind)
              IS DISTINCT FROM (NEW.sales_order_id, NEW.variant_id, NEW.location_id, NEW.kind))
    EXECUTE FUNCTION hub.refuse('a packed or delivered row keeps its item and its location');
CREATE TRIGGER row_price_stays BEFORE UPDATE ON hub.sales_order_rows FOR EACH ROW
    WHEN (OLD.packed_quantity + OLD.delivered_quantity + OLD.invoiced_quantity > 0
          AND (OLD.price_per_unit, OLD.tax_rate, OLD.discount_percent)
              IS DISTINCT FROM (NEW.price_per_unit, NEW.tax_rate, NEW.discount_percent))
    EXECUTE FUNCTION hub.refuse('a packed, delivered or invoiced row keeps its price');

-- With its whole order a shipped row may go; alone it may not (CHG-4). MOs as in CHG-3: the other ones are unlinked
-- by their foreign key.
CREATE FUNCTION hub.before_row_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.packed_quantity + OLD.delivered_quantity > 0
       AND EXISTS (SELECT FROM hub.sales_orders WHERE id = OLD.sales_order_id) THEN
        RAISE EXCEPTION 'a packed or delivered row cannot be deleted' USING ERRCODE = 'HB001';
    END IF;
    DELETE FROM hub.manufacturing_orders WHERE row_id = OLD.id AND status = 'NOT_STARTED';
    RETURN OLD;
END $$;
CREATE TRIGGER before_row_goes BEFORE DELETE ON hub.sales_order_rows FOR EACH ROW EXECUTE FUNCTION hub.before_row_goes();

CREATE FUNCTION hub.refuse_locked_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM hub.settings WHERE (OLD.created_at AT TIME ZONE 'UTC')::date <= locked_until) THEN
        RAISE EXCEPTION 'order % lies in a locked inventory period', OLD.order_no USING ERRCODE = 'HB001';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER locked_order_stays BEFORE DELETE ON hub.sales_orders FOR EACH ROW EXECUTE FUNCTION hub.refuse_locked_order();

-- Open rows are counted with the components of the day, so a bundle that was sold stays as it is; no bundle in a bundle.
CREATE FUNCTION hub.guard_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part hub.bundle_components := coalesce(NEW, OLD);
BEGIN
    IF EXISTS (SELECT FROM hub.sales_order_rows WHERE variant_id = part.bundle_id)
       OR EXISTS (SELECT FROM hub.bundle_components
                  WHERE bundle_id = part.component_id OR component_id = part.bundle_id) THEN
        RAISE EXCEPTION 'a bundle is made of plain items, and stays as it is once it was sold' USING ERRCODE = 'HB001';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER guard_bundle BEFORE INSERT OR UPDATE OR DELETE ON hub.bundle_components
    FOR EACH ROW EXECUTE FUNCTION hub.guard_bundle();
