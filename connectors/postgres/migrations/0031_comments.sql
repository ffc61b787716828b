-- What the tables, their columns and the functions are for, kept where they are: psql shows it, and schema.sql.

-- What storesync itself remembers ------------------------------------------------------------------------------------

COMMENT ON TABLE schema_migrations IS 'Which migrations this database has had.';

COMMENT ON TABLE account IS 'What holds for all stores: one row.';
COMMENT ON COLUMN account.settings IS 'only what was chosen; defaults live in schemas/hub.py';

COMMENT ON TABLE stores IS 'A shop each, disconnected ones included: their orders, tombstones and links stay their own.';
COMMENT ON COLUMN stores.credentials IS 'encrypted; empty once disconnected';
COMMENT ON COLUMN stores.settings IS 'only what was chosen; defaults live in schemas/settings.py';
COMMENT ON COLUMN stores.reason IS 'why it needs attention, or is not fetched now';
COMMENT ON COLUMN stores.activated_at IS 'when it was connected, or resumed after a pause (ORD-2)';
COMMENT ON COLUMN stores.cursor IS 'opaque, the connector''s own; null: never fetched';
COMMENT ON COLUMN stores.fetched_at IS 'last complete fetch';
COMMENT ON COLUMN stores.fetch_due_at IS 'do not fetch before (429, back-off)';
COMMENT ON COLUMN stores.catalogue_at IS 'up to here every change of its catalogue is known';
COMMENT ON COLUMN stores.catalogue_whole_at IS 'last walk through all of it';
COMMENT ON COLUMN stores.catalogue_due_at IS 'do not read it before (429, back-off)';
COMMENT ON COLUMN stores.catalogue_walk IS 'how far a walk through all of it has come, where one is to go on';
COMMENT ON COLUMN stores.catalogue_reason IS 'why it could not be read the last time';
COMMENT ON COLUMN stores.wants_products IS 'its products are still to come into the hub';
COMMENT ON COLUMN stores.items_without_sku IS 'seen at the last walk through all of its catalogue';
COMMENT ON COLUMN stores.stock_due_at IS 'it is told no stock before';
COMMENT ON COLUMN stores.stock_attempts IS 'to tell it, in a row, that it did not answer';
COMMENT ON COLUMN stores.stock_reason IS 'why it is told no stock before stock_due_at';
COMMENT ON COLUMN stores.stock_detail IS 'in the words of the store, beside stock_reason';
COMMENT ON COLUMN stores.stock_writers IS
    'who may mark by settings of before. null: nobody; 0: nobody has looked yet who writes; else all below it';
COMMENT ON COLUMN stores.compare_due IS 'its whole catalogue was read since it was compared (STK-13)';
COMMENT ON COLUMN stores.stock_compared IS 'when it was last compared, and what came of it';
COMMENT ON COLUMN stores.fulfillment_due_at IS 'it is told no parcel and no status before';
COMMENT ON COLUMN stores.shop IS
    'what the shop calls itself; null where it was not asked yet, or another store has it (MUL-4)';

COMMENT ON TABLE store_orders IS
    'An order of a store: what the store sent of it, what became of it, and what is still to be looked at. Either side counts up when it moves, and is due until somebody has settled it up to there.';
COMMENT ON COLUMN store_orders.snapshot IS 'as the vendor sent it, verbatim; null: to be asked for';
COMMENT ON COLUMN store_orders.digest IS 'of what it means: the same news again changes nothing';
COMMENT ON COLUMN store_orders.state IS 'what became of it';
COMMENT ON COLUMN store_orders.reason IS 'why, or what is to be said of it';
COMMENT ON COLUMN store_orders.tombstoned_at IS 'a person deleted it in the hub: it does not come again (ORD-7)';
COMMENT ON COLUMN store_orders.changed IS 'the store''s side moved';
COMMENT ON COLUMN store_orders.order_settled IS 'and was seen up to here';
COMMENT ON COLUMN store_orders.hub_changed IS 'the hub''s side moved';
COMMENT ON COLUMN store_orders.hub_settled IS 'and its store was told up to here';
COMMENT ON COLUMN store_orders.due_at IS 'do not look at it before';
COMMENT ON COLUMN store_orders.rung_at IS 'its bell is on its way since then';
COMMENT ON COLUMN store_orders.skus IS 'every SKU it ever had (STK-9); null: nobody knows yet which';
COMMENT ON COLUMN store_orders.is_failing IS 'it is in the hub, and the last look at it was set aside';
COMMENT ON COLUMN store_orders.hub_due_at IS 'do not tell its store before';
COMMENT ON COLUMN store_orders.hub_is_failing IS 'telling its store was set aside';
COMMENT ON COLUMN store_orders.hub_reason IS 'why the store does not show what the hub shipped';
COMMENT ON COLUMN store_orders.sending IS 'what the store is being told now, until its answer is written down (FUL-14)';
COMMENT ON COLUMN store_orders.was_imported IS 'it was in the hub once: it is ours whatever its age (BEY-6, CHG-5)';
COMMENT ON COLUMN store_orders.order_no IS 'as the store numbers it for people; may be another order''s id';

COMMENT ON TABLE store_stock IS
    'A SKU that a store is told: due while it changed since it was settled. What its items show stands in store_levels.';
COMMENT ON COLUMN store_stock.changed IS 'the hub''s figure moved, or may not be shown any more';
COMMENT ON COLUMN store_stock.settled IS 'and the store was told up to here';
COMMENT ON COLUMN store_stock.due_at IS 'do not tell it before';
COMMENT ON COLUMN store_stock.due_since IS 'unread orders hold it back for a while from then (STK-9)';
COMMENT ON COLUMN store_stock.sent_at IS 'a SKU that moves all the time is told at a pace (STK-5)';
COMMENT ON COLUMN store_stock.looked_at IS 'when the store was last asked whether it has the SKU';
COMMENT ON COLUMN store_stock.wants_look IS 'the store is asked first what it shows';
COMMENT ON COLUMN store_stock.reason IS 'why the store does not show the hub''s value';
COMMENT ON COLUMN store_stock.tell_uncounted IS 'a person said so, though nobody ever counted it (STK-10)';

COMMENT ON TABLE customer_links IS 'A store''s customer and the hub''s.';
COMMENT ON TABLE item_links IS 'A store''s product without SKU and the hub variant that was made for it.';

COMMENT ON TABLE exchange_rates IS 'One unit of currency is worth `rate` of base.';

COMMENT ON TABLE journal IS 'What was done or not done, and why: append-only.';

COMMENT ON TABLE store_items IS 'A store''s catalogue, as far as it carries stock.';
COMMENT ON COLUMN store_items.is_tracked IS 'the store counts it';
COMMENT ON COLUMN store_items.seen_at IS 'the last page of its catalogue that had it';

COMMENT ON TABLE store_levels IS 'What an item shows at a place of its store, and what it was told.';
COMMENT ON COLUMN store_levels.place IS 'empty: the store''s own default place';
COMMENT ON COLUMN store_levels.shown IS 'what the store shows as far as we know; null: unknown';
COMMENT ON COLUMN store_levels.told IS 'what we told it last';
COMMENT ON COLUMN store_levels.moved_at IS 'when `shown` was last written';
COMMENT ON COLUMN store_levels.agreed_at IS 'when store and hub said the same; null: never';
COMMENT ON COLUMN store_levels.is_active IS
    'the item is active at the place, or not known to be: else a store may take quantities and say nothing (STK-12)';

COMMENT ON TABLE stock_imports IS
    'The count that a person asked for of what a store shows, the latest of each (STK-11): a job in steps, of which each can be done again.';
COMMENT ON COLUMN stock_imports.is_again IS 'also what was counted before';
COMMENT ON COLUMN stock_imports.is_trial IS 'nothing is counted, only said';
COMMENT ON COLUMN stock_imports.walk IS 'how far its catalogue was read';
COMMENT ON COLUMN stock_imports.seen IS 'items that were read';
COMMENT ON COLUMN stock_imports.due_at IS 'do not go on before';
COMMENT ON COLUMN stock_imports.report IS 'what came of it';

COMMENT ON TABLE stock_import_figures IS 'What a store showed, as it was read for its count.';
COMMENT ON COLUMN stock_import_figures.shown IS 'pieces by place';
COMMENT ON COLUMN stock_import_figures.read_at IS 'before the store was asked';

COMMENT ON TABLE stock_import_moves IS 'SKUs of orders of the store that came in since its count was asked for.';

COMMENT ON TABLE store_tokens IS
    'The token that a store gave for its credentials, where tokens end: one for all workers, renewed by one of them (DOR-3).';
COMMENT ON COLUMN store_tokens.token IS 'encrypted, with what it was given for';
COMMENT ON COLUMN store_tokens.given_at IS 'by the database''s clock, as its end';

COMMENT ON FUNCTION refuse_change IS 'The journal stays as it was written.';
COMMENT ON FUNCTION try_moved_stock IS
    'What moves again is tried again, as often as an outage is: it waits no hour, unless the store refused it.';

-- The built-in hub ----------------------------------------------------------------------------------------------------

COMMENT ON TYPE hub.pieces IS 'Pieces of an item at a location, on behalf of a row.';
COMMENT ON TYPE hub.promise IS 'Pieces that an open row promises, and whether its order came from a store.';

COMMENT ON FUNCTION hub.email_key IS 'Who is the same buyer: by e-mail address (MAP-2).';
COMMENT ON FUNCTION hub.name_key IS 'Who is the same buyer: by name (MAP-2).';
COMMENT ON FUNCTION hub.is_address IS 'Whether an address has the fields of one, and no others.';
COMMENT ON FUNCTION hub.no_address IS 'An address with nothing in it.';

COMMENT ON TABLE hub.settings IS 'What holds for all of the hub: one row.';
COMMENT ON COLUMN hub.settings.locked_until IS 'inventory is closed up to and including this day (UTC)';

COMMENT ON TABLE hub.locations IS 'Where stock lies.';

COMMENT ON TABLE hub.customers IS 'Buyers.';
COMMENT ON COLUMN hub.customers.buyer_key IS
    'one customer per e-mail, and per name among those without: parallel first orders make one (MAP-2)';

COMMENT ON TABLE hub.products IS 'What is sold, each in one variant or more.';
COMMENT ON COLUMN hub.products.delivery_days IS 'its own delivery time; null: the account''s';

COMMENT ON TABLE hub.variants IS 'Items: what a row names and stock is kept of.';
COMMENT ON COLUMN hub.variants.sku IS
    'not unique: several variants may share a SKU, the one created latest is meant (MAP-1)';
COMMENT ON COLUMN hub.variants.import_key IS 'null: made by a person';
COMMENT ON COLUMN hub.variants.made_for IS
    'what an import made it for: its SKU, a store''s product, a service''s name; parallel imports make one (MUL-2)';

COMMENT ON TABLE hub.bundle_components IS 'What a bundle is made of.';
COMMENT ON TABLE hub.batches IS 'Batches of items that have them.';

COMMENT ON TABLE hub.stock IS
    'Levels, kept by triggers. A bundle''s own in stock stays 0: what can be sold of it is computed from its components.';
COMMENT ON COLUMN hub.stock.in_stock IS 'may fall below 0: more was delivered than was counted in';
COMMENT ON COLUMN hub.stock.committed IS 'promised by open rows, as itself or as a bundle''s component';
COMMENT ON COLUMN hub.stock.committed_direct IS 'as itself only (STK-2)';
COMMENT ON COLUMN hub.stock.committed_store IS 'of that, by orders of stores (STK-2)';
COMMENT ON COLUMN hub.stock.expected IS 'open manufacturing and purchase orders';
COMMENT ON COLUMN hub.stock.counted_at IS
    'when somebody first counted it: adjusted it, took it in, made it, or set it; null: never, and its figure says nothing of what lies there (STK-10)';

COMMENT ON TABLE hub.batch_stock IS 'What lies where of a batch.';

COMMENT ON TABLE hub.stock_moves IS
    'The ledger of in stock: its sum is hub.stock.in_stock, and inserting here is how that changes. Kind ''count'' alone only records that somebody set a level by hand.';
COMMENT ON COLUMN hub.stock_moves.source_id IS 'of the row, MO or PO; no key: the ledger outlives them';
COMMENT ON COLUMN hub.stock_moves.count_id IS 'the count it is part of (STK-11)';

COMMENT ON TABLE hub.sales_orders IS 'Orders, of stores and made here; one per order of a store (ORD-6, MUL-3).';
COMMENT ON COLUMN hub.sales_orders.packed IS 'also set by its rows: all packed or delivered';
COMMENT ON COLUMN hub.sales_orders.shipped IS 'also set by its rows: all delivered';
COMMENT ON COLUMN hub.sales_orders.status IS 'kept from the rows';
COMMENT ON COLUMN hub.sales_orders.total_mismatch IS 'the rows do not add up to what the store said (MAP-6)';

COMMENT ON TABLE hub.sales_order_rows IS 'What was ordered.';
COMMENT ON COLUMN hub.sales_order_rows.external_id IS 'the store''s line';
COMMENT ON COLUMN hub.sales_order_rows.packed_quantity IS 'packed, not yet delivered';
COMMENT ON COLUMN hub.sales_order_rows.gone_before IS
    'pieces that left the shelf before the hub knew the row (MAP-8): they never take off in stock';
COMMENT ON COLUMN hub.sales_order_rows.ships IS 'false: a fee, which does not decide the order''s status';
COMMENT ON COLUMN hub.sales_order_rows.commits IS 'false once its order is voided or closed';
COMMENT ON COLUMN hub.sales_order_rows.open_quantity IS 'what it still promises';
COMMENT ON COLUMN hub.sales_order_rows.taken_quantity IS 'what it took off the shelf';
COMMENT ON COLUMN hub.sales_order_rows.from_store IS 'its order came from a store';

COMMENT ON TABLE hub.row_batches IS 'From which batches a row''s pieces were taken.';

COMMENT ON TABLE hub.fulfillments IS 'Parcels, of a store or of the hub (FUL-7).';
COMMENT ON COLUMN hub.fulfillments.is_told_only IS
    'the store''s word for pieces that are the hub''s own parcels'' when they leave';
COMMENT ON TABLE hub.fulfillment_rows IS 'What is in a parcel.';

COMMENT ON TABLE hub.returns IS 'What came back to a store (CHG-9).';
COMMENT ON TABLE hub.return_rows IS 'How much of which row.';

COMMENT ON TABLE hub.invoices IS 'Invoices; an invoiced order stays (CHG-5).';
COMMENT ON TABLE hub.invoice_rows IS 'How much of which row.';

COMMENT ON TABLE hub.manufacturing_orders IS 'What is to be made, for a row or for the shelf.';
COMMENT ON TABLE hub.purchase_orders IS 'What was bought, and comes or came in.';
COMMENT ON COLUMN hub.purchase_orders.batch_no IS 'for batch-tracked items; else ''PO-<id>''';
COMMENT ON COLUMN hub.purchase_orders.received_at IS 'null: still expected';

COMMENT ON TABLE hub.stock_counts IS 'Counts of many items that can be taken back as one (STK-11).';
COMMENT ON COLUMN hub.stock_counts.source IS 'the file''s or the store''s name, for people';

-- The hub keeps its own numbers right, whoever writes -----------------------------------------------------------------

COMMENT ON FUNCTION hub.place IS 'The id of a location''s code, of the account''s default location for null.';
COMMENT ON FUNCTION hub.commit_promises IS
    'Count what open rows promise. A bundle commits itself and, in `committed` only, its components. Sorted, so that two writers never deadlock.';
COMMENT ON FUNCTION hub.on_shelf IS
    'What a row''s pieces are on the shelf: the item itself, or a bundle''s components.';
COMMENT ON FUNCTION hub.take_pieces IS 'Take a row''s pieces off the shelf.';
COMMENT ON FUNCTION hub.assign_batches IS
    'Taken pieces of batch-tracked items come from batches, first received first; what no batch has stays unassigned (FUL-4). Batches that were named beforehand count; pieces put back are given back to the latest batch.';
COMMENT ON FUNCTION hub.release_batches IS 'Give a row''s pieces back to its batches, the latest first.';
COMMENT ON FUNCTION hub.follow_orders IS
    'An order''s status looks at the rows that ship, at all of them where none does; fees are delivered with the last shipping row. The order is locked first: of two parallel deliveries the later one sees both.';
COMMENT ON FUNCTION hub.remember_gone_before IS
    'A new row takes nothing off in stock, even when it comes delivered: those pieces left before the hub knew of them (MAP-8), and in stock falls only when something is packed or delivered here (STK-2).';
COMMENT ON FUNCTION hub.rows_inserted IS 'New rows promise.';
COMMENT ON FUNCTION hub.rows_updated IS 'Changed rows promise otherwise, take pieces, and move their order''s status.';
COMMENT ON FUNCTION hub.rows_deleted IS
    'What a deleted row had taken goes back on the shelf; its batches get theirs back by their own trigger.';
COMMENT ON FUNCTION hub.order_ended IS 'A voided or closed order promises nothing any more.';
COMMENT ON FUNCTION hub.row_batches_moved IS 'What a row has of a batch is not in stock of it.';
COMMENT ON FUNCTION hub.invoice_rows_moved IS 'How much of a row was invoiced.';
COMMENT ON FUNCTION hub.moves_inserted IS
    'The ledger moves levels and batches, and says who counts; not in a locked period. Two statements for batches: a check looks at the row proposed by an upsert, and a delta may be negative.';
COMMENT ON FUNCTION hub.stock_counted IS
    'Somebody set a level by hand: the ledger records it, so that its sum stays the level. Depth 0 is a person''s statement.';
COMMENT ON FUNCTION hub.stock_set_by_hand IS 'Who sets a level by hand has counted it. Depth 0 is a person''s statement.';
COMMENT ON FUNCTION hub.count_supply IS
    'An open manufacturing or purchase order is expected, an arrived one is in stock, in a batch where the item has them.';
COMMENT ON FUNCTION hub.mo_moved IS 'A manufacturing order is made, changed, done or gone.';
COMMENT ON FUNCTION hub.po_moved IS 'A purchase order is made, changed, received or gone.';
COMMENT ON FUNCTION hub.row_knows_its_source IS
    'Who writes rows need not know whether their order came from a store; a row whose order is gone has it still.';
COMMENT ON FUNCTION hub.order_knows_its_store IS 'An order that becomes a store''s, or is one''s no more.';

-- Guards: HB001 -------------------------------------------------------------------------------------------------------

COMMENT ON FUNCTION hub.refuse IS 'What the guards of the hub do not let happen.';
COMMENT ON FUNCTION hub.before_row_goes IS
    'With its whole order a shipped row may go; alone it may not (CHG-4). MOs as in CHG-3: the other ones are unlinked by their foreign key.';
COMMENT ON FUNCTION hub.refuse_locked_order IS 'An order of a locked period stays.';
COMMENT ON FUNCTION hub.guard_bundle IS
    'Open rows are counted with the components of the day, so a bundle that was sold stays as it is; no bundle in a bundle.';

-- Marks for the stores: they hold for any writer, plain SQL included --------------------------------------------------

COMMENT ON FUNCTION hub.tell_stores IS
    'Which stores a movement is news for: what lies on the shelf for all of them, what stands on rows only for those that count it (STK-2), that never were told of the SKU (STK-1), or that may show anything. Bundles are told too when their components moved on the shelf. A paused store is marked as well, so that it ends with the hub''s value when it goes on (STK-5).';
COMMENT ON FUNCTION hub.tell_skus IS
    'SKUs whose items are others now. News for every store where the hub has pieces for the SKU; else only for those that were told of it before: what is added without pieces, by a person or an import, is nothing to tell.';
COMMENT ON FUNCTION hub.mark_stock IS
    'Levels moved; what is counted for the first time is news, whatever its figure. A level that somebody moved to another item or location has no like of before.';
COMMENT ON FUNCTION hub.mark_first_stock IS
    'The first figure of a variant may be that of its SKU''s newest variant: news for any store (STK-3).';
COMMENT ON FUNCTION hub.mark_gone_stock IS 'A level is gone.';
COMMENT ON FUNCTION hub.mark_item IS
    'An item got its SKU, lost it, or is another one. Row by row: every import passes here, mostly without a new item.';
COMMENT ON FUNCTION hub.mark_bundle IS 'A bundle is made of other items.';
COMMENT ON FUNCTION hub.mark_location IS 'A store whose location the hub did not have is told once the hub has it.';
COMMENT ON FUNCTION hub.mark_status IS
    'Pieces mark an order, and not only the word for them (FUL-10). Updates only: how a row came at its import is the store''s own news.';
COMMENT ON FUNCTION hub.mark_flags IS
    'What a person says of an order beside its rows, for stores that are told it (SPEC chapter 9). What the rows themselves say of packed and shipped is marked by them.';
COMMENT ON FUNCTION hub.mark_deletion IS
    'A deleted order leaves a tombstone (ORD-7) with who deleted it: storesync.deleted_by, else the database''s user. One that its store took back leaves none (CHG-5): why it went stands in storesync.deleted_because.';
