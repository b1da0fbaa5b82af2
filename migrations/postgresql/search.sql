-- Search inside PostgreSQL: triggers mark the rows that changed, settling copies their texts, an index of trigrams of
-- these names candidates.
--
-- Nobody reads or writes the texts: they are made of the rows, by functions of the tables' owner, and a question is
-- answered with ids of rows that the login of the session may read anyway, by its role and by whose rows they are. A
-- row is found by the index unless a mark that its owner sees says that it changed since. The words {schema} and {path}
-- are replaced before this is sent; running it again is harmless.

-- Each three bytes of a text with the number of what it is, and whose it is. Kinds: 1 hash and 2 words of a transaction,
-- 3 words on a row, 4 and on the other tables in the order of aether_search_source, 12 an address of the ledger.
CREATE OR REPLACE FUNCTION {schema}.aether_search_keys(kind bigint, owner bigint, body text) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT pg_catalog.array_agg(((kind & 63) << 24)::integer | (pg_catalog.get_byte(b.text, i) << 16)
        | (pg_catalog.get_byte(b.text, i + 1) << 8) | pg_catalog.get_byte(b.text, i + 2))
    || (2130706432 | (pg_catalog.hashint8(owner) & 16777215))
FROM (SELECT pg_catalog.convert_to(body, 'UTF8') AS text) b,
    pg_catalog.generate_series(0, pg_catalog.length(b.text) - 3) i
$$;

CREATE INDEX IF NOT EXISTS ix_search_texts_keys ON {schema}.search_texts
    USING gin ({schema}.aether_search_keys(kind, owner_id, body)) WITH (gin_pending_list_limit = 16384);
CREATE INDEX IF NOT EXISTS ix_search_parties_keys ON {schema}.search_parties
    USING gin ({schema}.aether_search_keys(12, owner_id, lower(value))) WITH (gin_pending_list_limit = 16384);

-- Marks rows of one statement: each, or from the first to the last of an owner where they are many. New rows always by
-- the first and the last: they lie beside each other.
CREATE OR REPLACE FUNCTION {schema}.aether_search_mark() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    this constant bigint := pg_current_xact_id()::text::bigint;
    owner constant text := CASE TG_TABLE_NAME WHEN 'users' THEN 'id' ELSE 'owner_id' END;
    other text;
    rows_of text;
    step text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)
        SELECT c.vault_id, TG_TABLE_NAME, c.owner_id, min(c.id), this, max(c.id)
        FROM (SELECT vault_id, CASE TG_TABLE_NAME WHEN 'users' THEN id ELSE owner_id END AS owner_id, id FROM changed) c
        GROUP BY c.vault_id, c.owner_id
        ON CONFLICT (vault_id, source, owner_id, first_id, mark)
            DO UPDATE SET last_id = greatest(search_marks.last_id, excluded.last_id);
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        rows_of := format('SELECT f.vault_id, f.%I AS owner_id, f.id FROM former f', owner);
    ELSE
        SELECT string_agg(format('c.%1$I IS DISTINCT FROM f.%1$I', a.name), ' OR ') INTO other
        FROM unnest(string_to_array('owner_id,' || TG_ARGV[0], ',')) a(name);
        rows_of := format('SELECT s.vault_id, s.owner_id, s.id FROM former f JOIN changed c USING (vault_id, id)'
            || ' CROSS JOIN LATERAL (VALUES (f.vault_id, f.%1$I, f.id), (c.vault_id, c.%1$I, c.id))'
            || ' s(vault_id, owner_id, id) WHERE %2$s', owner, other);
    END IF;
    step := 'WITH touched AS MATERIALIZED (' || rows_of || '), many AS (SELECT count(*) > 1000 AS they_are FROM touched)'
        || ' INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)'
        || ' SELECT s.vault_id, $1, s.owner_id, min(s.id), $2, max(s.id) FROM touched s, many m'
        || ' GROUP BY s.vault_id, s.owner_id, CASE WHEN m.they_are THEN 0 ELSE s.id END'
        || ' ON CONFLICT (vault_id, source, owner_id, first_id, mark)'
        || ' DO UPDATE SET last_id = greatest(search_marks.last_id, excluded.last_id)';
    EXECUTE step USING TG_TABLE_NAME::text, this;
    RETURN NULL;
END
$$;

-- Tags are words on a row like its label.
CREATE OR REPLACE FUNCTION {schema}.aether_search_mark_tags() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    this constant bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)
        SELECT DISTINCT a.vault_id, 'annotations', a.owner_id, a.id, this, a.id
        FROM changed c JOIN annotations a ON a.vault_id = c.vault_id AND a.id = c.annotation_id
        ON CONFLICT DO NOTHING;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)
        SELECT DISTINCT a.vault_id, 'annotations', a.owner_id, a.id, this, a.id
        FROM former f JOIN annotations a ON a.vault_id = f.vault_id AND a.id = f.annotation_id
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;

-- the kinds of texts of a table
CREATE OR REPLACE FUNCTION {schema}.aether_search_kinds(source text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = {path}
AS $$
SELECT CASE source
    WHEN 'transactions' THEN '{1,2}'::bigint[] WHEN 'annotations' THEN '{3}' WHEN 'wallets' THEN '{4}'
    WHEN 'smart_contracts' THEN '{5}' WHEN 'temple_nodes' THEN '{6}' WHEN 'payments' THEN '{7}'
    WHEN 'payment_methods' THEN '{8}' WHEN 'cid_entries' THEN '{9}' WHEN 'ai_monitoring_logs' THEN '{10}'
    WHEN 'users' THEN '{11}'
END
$$;

-- Rows first to last of an owner as they are to be found; hashes are compared in lower case of ASCII alone.
CREATE OR REPLACE FUNCTION {schema}.aether_search_source(source text, vault bigint, owner bigint, first bigint, last bigint)
RETURNS TABLE (row_id bigint, kind bigint, body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000 SET search_path = {path}
AS $$
DECLARE
    named constant text := CASE source
        WHEN 'wallets' THEN 'name, address, symbol' WHEN 'smart_contracts' THEN 'name, address'
        WHEN 'temple_nodes' THEN 'node_id' WHEN 'payments' THEN 'provider, external_id, description'
        WHEN 'payment_methods' THEN 'name, provider, provider_reference, last_four'
        WHEN 'cid_entries' THEN 'cid, name' WHEN 'ai_monitoring_logs' THEN 'description'
        WHEN 'users' THEN 'username, display_name, email' END;
BEGIN
    IF source = 'transactions' THEN
        RETURN QUERY SELECT t.id, 1::bigint, lower(t.tx_hash COLLATE "C") FROM transactions t
            WHERE t.vault_id = vault AND t.id BETWEEN first AND last AND t.owner_id = owner AND t.tx_hash <> '';
        RETURN QUERY SELECT t.id, 2::bigint, lower(concat_ws(E'\n', t.description, t.error) COLLATE "default")
            FROM transactions t WHERE t.vault_id = vault AND t.id BETWEEN first AND last AND t.owner_id = owner
                AND (t.description <> '' OR t.error <> '');
    ELSIF source = 'annotations' THEN
        RETURN QUERY SELECT a.id, 3::bigint, lower(concat_ws(E'\n', a.label, a.note, g.tags) COLLATE "default")
            FROM annotations a LEFT JOIN LATERAL (
                SELECT string_agg(t.tag_fold, E'\n' ORDER BY t.position) AS tags FROM annotation_tags t
                WHERE t.vault_id = vault AND t.annotation_id = a.id
            ) g ON true
            WHERE a.vault_id = vault AND a.id BETWEEN first AND last AND a.owner_id = owner
                AND (a.label <> '' OR a.note <> '' OR g.tags <> '');
    ELSIF named IS NOT NULL THEN
        RETURN QUERY EXECUTE format('SELECT t.id, $1, lower(concat_ws(%L, %s) COLLATE "default") FROM %I t'
            || ' WHERE t.vault_id = $2 AND t.id BETWEEN $3 AND $4 AND t.%I = $5', E'\n', named, source,
            CASE source WHEN 'users' THEN 'id' ELSE 'owner_id' END)
            USING (aether_search_kinds(source))[1], vault, first, last, owner;
    END IF;
END
$$;

-- Indexes the texts of at most so many marked rows; how many were looked at, -1 while somebody else does it.
CREATE OR REPLACE FUNCTION {schema}.aether_search_settle(vault bigint, most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    one record;
    done bigint := 0;
    upper_id bigint;
    found_rows bigint;
    slice constant bigint := least(greatest(most, 1), 100000);
BEGIN
    IF NOT aether_ledger_may(vault, NULL) THEN
        RAISE EXCEPTION 'this login is not at home in the vault' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('aether search', vault)) THEN
        RETURN -1;
    END IF;
    -- a later statement sees at least what an earlier one saw: whatever is not indexed here keeps its mark
    FOR one IN
        SELECT m.* FROM search_marks m WHERE m.vault_id = vault
        ORDER BY m.source, m.owner_id, m.first_id, m.mark LIMIT least(slice, 500)
    LOOP
        EXIT WHEN done >= slice;
        upper_id := one.last_id;
        found_rows := 1;
        IF one.last_id > one.first_id THEN
            EXECUTE format('SELECT max(i.id), count(*) FROM (SELECT t.id FROM %I t WHERE t.vault_id = $1'
                || ' AND t.id BETWEEN $2 AND $3 ORDER BY t.id LIMIT $4) i', one.source)
                INTO upper_id, found_rows USING vault, one.first_id, one.last_id, slice - done;
            IF found_rows < slice - done THEN
                upper_id := one.last_id;
            END IF;
        END IF;
        DELETE FROM search_texts x WHERE x.vault_id = vault AND x.row_id BETWEEN one.first_id AND upper_id
            AND x.owner_id = one.owner_id AND x.kind = ANY (aether_search_kinds(one.source));
        INSERT INTO search_texts (vault_id, row_id, kind, owner_id, body)
        SELECT vault, s.row_id, s.kind, one.owner_id, s.body
        FROM aether_search_source(one.source, vault, one.owner_id, one.first_id, upper_id) s
        ON CONFLICT (vault_id, row_id, kind) DO UPDATE SET owner_id = excluded.owner_id, body = excluded.body;
        IF one.source = 'transactions' THEN
            INSERT INTO search_parties (vault_id, owner_id, value)
            SELECT DISTINCT vault, one.owner_id, p.value FROM transactions t CROSS JOIN LATERAL
                (VALUES (t.counterparty), (t.from_address), (t.to_address), (t.contract_address)) p(value)
            WHERE t.vault_id = vault AND t.id BETWEEN one.first_id AND upper_id AND t.owner_id = one.owner_id
                AND p.value <> ''
            ON CONFLICT DO NOTHING;
        END IF;
        DELETE FROM search_marks m WHERE m.vault_id = vault AND m.source = one.source AND m.owner_id = one.owner_id
            AND m.first_id = one.first_id AND m.mark = one.mark;
        IF upper_id < one.last_id THEN
            INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)
            VALUES (vault, one.source, one.owner_id, upper_id + 1, one.mark, one.last_id)
            ON CONFLICT (vault_id, source, owner_id, first_id, mark)
                DO UPDATE SET last_id = greatest(search_marks.last_id, excluded.last_id);
        END IF;
        done := done + greatest(found_rows, 1);
    END LOOP;
    RETURN done;
END
$$;

-- What settling left for later in the index itself; after the last slice.
CREATE OR REPLACE FUNCTION {schema}.aether_search_tidy(vault bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
BEGIN
    IF aether_ledger_may(vault, NULL) AND pg_try_advisory_xact_lock(hashtextextended('aether search', vault)) THEN
        PERFORM gin_clean_pending_list('ix_search_texts_keys'), gin_clean_pending_list('ix_search_parties_keys');
    END IF;
END
$$;

-- The person whose rows alone the login of this session reads in the vault; 0 where it reads all.
CREATE OR REPLACE FUNCTION {schema}.aether_search_reader(vault bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = {path}
AS $$
BEGIN
    IF aether_ledger_may(vault, ARRAY['levite', 'aaronic', 'zadokite']) THEN
        RETURN 0;
    END IF;
    IF NOT aether_ledger_may(vault, NULL) THEN
        RAISE EXCEPTION 'this login is not at home in the vault' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN (SELECT m.user_id FROM vault_members m
        WHERE m.vault_id = vault AND m.login = session_user AND m.left_at IS NULL ORDER BY m.user_id LIMIT 1);
END
$$;

-- Rows whose texts of these kinds hold all the parts, at most so many of each kind; each part has three bytes or more.
CREATE OR REPLACE FUNCTION {schema}.aether_search(vault bigint, kinds bigint[], parts text[], most bigint)
RETURNS TABLE (row_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
SET enable_seqscan = off SET enable_bitmapscan = on SET search_path = {path}
AS $$
DECLARE
    reader constant bigint := aether_search_reader(vault);
    one_kind bigint;
    folded text[];
    keys integer[];
BEGIN
    FOREACH one_kind IN ARRAY kinds LOOP
        SELECT array_agg(p.part) INTO folded FROM (
            SELECT CASE one_kind WHEN 1 THEN lower(u.part COLLATE "C")
                ELSE lower(u.part COLLATE "default") COLLATE "C" END AS part
            FROM unnest(parts) u(part)
        ) p;
        SELECT array_agg(DISTINCT k.key) INTO keys
        FROM unnest(folded) f(part), unnest(aether_search_keys(one_kind, reader, f.part)) k(key)
        WHERE reader <> 0 OR (k.key >> 24) <> 127;
        RETURN QUERY SELECT x.row_id FROM search_texts x
            WHERE aether_search_keys(x.kind, x.owner_id, x.body) @> keys AND x.vault_id = vault AND x.kind = one_kind
                AND (reader = 0 OR x.owner_id = reader)
                AND NOT EXISTS (SELECT 1 FROM unnest(folded) f(part) WHERE strpos(x.body, f.part) = 0)
            LIMIT most;
    END LOOP;
END
$$;

-- Addresses of the ledger that hold all the parts, of rows that the login reads.
CREATE OR REPLACE FUNCTION {schema}.aether_search_addresses(vault bigint, parts text[], most bigint)
RETURNS TABLE (value text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
SET enable_seqscan = off SET enable_bitmapscan = on SET search_path = {path}
AS $$
DECLARE
    reader constant bigint := aether_search_reader(vault);
    folded constant text[] := ARRAY(SELECT lower(u.part COLLATE "C") FROM unnest(parts) u(part));
    keys integer[];
BEGIN
    SELECT array_agg(DISTINCT k.key) INTO keys
    FROM unnest(folded) f(part), unnest(aether_search_keys(12, reader, f.part)) k(key)
    WHERE reader <> 0 OR (k.key >> 24) <> 127;
    RETURN QUERY SELECT DISTINCT p.value FROM search_parties p
        WHERE aether_search_keys(12, p.owner_id, lower(p.value)) @> keys AND p.vault_id = vault
            AND (reader = 0 OR p.owner_id = reader)
            AND NOT EXISTS (SELECT 1 FROM unnest(folded) f(part) WHERE strpos(lower(p.value), f.part) = 0)
        LIMIT most;
END
$$;

-- Marks everything: of the whole vault for whoever reads it, else of one's own rows.
CREATE OR REPLACE FUNCTION {schema}.aether_search_mark_all(vault bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    this constant bigint := pg_current_xact_id()::text::bigint;
    reader constant bigint := aether_search_reader(vault);
    name text;
BEGIN
    DELETE FROM search_texts x WHERE x.vault_id = vault AND (reader = 0 OR x.owner_id = reader);
    DELETE FROM search_parties p WHERE p.vault_id = vault AND (reader = 0 OR p.owner_id = reader);
    FOREACH name IN ARRAY '{transactions,annotations,wallets,smart_contracts,temple_nodes,payments,payment_methods,cid_entries,ai_monitoring_logs,users}'::text[]
    LOOP
        EXECUTE format('INSERT INTO search_marks (vault_id, source, owner_id, first_id, mark, last_id)'
            || ' SELECT $1, $2, t.%1$I, min(t.id), $3, max(t.id) FROM %2$I t'
            || ' WHERE t.vault_id = $1 AND ($4 = 0 OR t.%1$I = $4) GROUP BY t.%1$I'
            || ' ON CONFLICT (vault_id, source, owner_id, first_id, mark)'
            || ' DO UPDATE SET last_id = greatest(search_marks.last_id, excluded.last_id)',
            CASE name WHEN 'users' THEN 'id' ELSE 'owner_id' END, name) USING vault, name, this, reader;
    END LOOP;
END
$$;

-- Rows that are not indexed as they are, of those the login reads; reads everything.
CREATE OR REPLACE FUNCTION {schema}.aether_search_check(vault bigint, source text) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    reader constant bigint := aether_search_reader(vault);
    wrong bigint := 0;
    more bigint;
    owner bigint;
    names constant text := CASE source WHEN 'users' THEN 'id' ELSE 'owner_id' END;
BEGIN
    IF aether_search_kinds(source) IS NULL THEN
        RETURN 0;
    END IF;
    FOR owner IN EXECUTE format('SELECT DISTINCT t.%I FROM %I t WHERE t.vault_id = $1 AND ($2 = 0 OR t.%I = $2)',
        names, source, names) USING vault, reader
    LOOP
        SELECT count(*) INTO more
        FROM aether_search_source(source, vault, owner, 0, 9223372036854775807) s
        LEFT JOIN search_texts x ON x.vault_id = vault AND x.row_id = s.row_id AND x.kind = s.kind AND x.owner_id = owner
        WHERE x.body IS DISTINCT FROM s.body AND NOT EXISTS (
            SELECT 1 FROM search_marks m WHERE m.vault_id = vault AND m.source = aether_search_check.source
                AND m.owner_id = owner AND s.row_id BETWEEN m.first_id AND m.last_id);
        wrong := wrong + more;
        IF source = 'transactions' THEN
            SELECT count(*) INTO more FROM (
                SELECT DISTINCT q.value FROM transactions t CROSS JOIN LATERAL
                    (VALUES (t.counterparty), (t.from_address), (t.to_address), (t.contract_address)) q(value)
                WHERE t.vault_id = vault AND t.owner_id = owner AND q.value <> '' AND NOT EXISTS (
                    SELECT 1 FROM search_marks m WHERE m.vault_id = vault AND m.source = 'transactions'
                        AND m.owner_id = owner AND t.id BETWEEN m.first_id AND m.last_id)
                EXCEPT SELECT p.value FROM search_parties p WHERE p.vault_id = vault AND p.owner_id = owner
            ) missing;
            wrong := wrong + more;
        END IF;
    END LOOP;
    RETURN wrong;
END
$$;

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('transactions', 'tx_hash,counterparty,from_address,to_address,contract_address,description,error'),
        ('annotations', 'label,note'), ('wallets', 'name,address,symbol'), ('smart_contracts', 'name,address'),
        ('temple_nodes', 'node_id'), ('payments', 'provider,external_id,description'),
        ('payment_methods', 'name,provider,provider_reference,last_four'), ('cid_entries', 'cid,name'),
        ('ai_monitoring_logs', 'description'), ('users', 'username,display_name,email')
    ) AS v(name, columns)
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER aether_search_insert AFTER INSERT ON {schema}.%I'
            || ' REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_search_mark()',
            one.name);
        EXECUTE format('CREATE OR REPLACE TRIGGER aether_search_update AFTER UPDATE ON {schema}.%I'
            || ' REFERENCING OLD TABLE AS former NEW TABLE AS changed'
            || ' FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_search_mark(%L)', one.name, one.columns);
        EXECUTE format('CREATE OR REPLACE TRIGGER aether_search_delete AFTER DELETE ON {schema}.%I'
            || ' REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_search_mark()',
            one.name);
    END LOOP;
END
$$;
CREATE OR REPLACE TRIGGER aether_search_insert AFTER INSERT ON {schema}.annotation_tags
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_search_mark_tags();
CREATE OR REPLACE TRIGGER aether_search_update AFTER UPDATE ON {schema}.annotation_tags
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_search_mark_tags();
CREATE OR REPLACE TRIGGER aether_search_delete AFTER DELETE ON {schema}.annotation_tags
    REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_search_mark_tags();

REVOKE ALL ON FUNCTION
    {schema}.aether_search_keys(bigint, bigint, text), {schema}.aether_search_mark(),
    {schema}.aether_search_mark_tags(), {schema}.aether_search_kinds(text),
    {schema}.aether_search_source(text, bigint, bigint, bigint, bigint), {schema}.aether_search_settle(bigint, bigint),
    {schema}.aether_search_tidy(bigint), {schema}.aether_search_reader(bigint),
    {schema}.aether_search(bigint, bigint[], text[], bigint),
    {schema}.aether_search_addresses(bigint, text[], bigint), {schema}.aether_search_mark_all(bigint),
    {schema}.aether_search_check(bigint, text)
FROM PUBLIC;
