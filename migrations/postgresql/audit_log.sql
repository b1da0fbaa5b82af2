-- The audit log inside PostgreSQL: no change without an entry, no entry without its change, one log without forks.
--
-- Triggers on every table count the rows that each statement changed (audit_tally). Entries claim what they cover. When
-- the transaction commits, what nobody claimed gets an entry that the server vouches for, claims beyond what happened
-- make the commit fail, and the entries take their places in the log while its head is locked: not a moment earlier,
-- so a long import holds nobody up. Every function belongs to the tables' owner, needs no superuser, and can be run
-- again. The words {schema} and {path} are replaced before this is sent.

CREATE SEQUENCE IF NOT EXISTS {schema}.aether_audit_seq;

-- canonical elements (tag, length, content); numbers are never negative here
CREATE OR REPLACE FUNCTION {schema}.aether_audit_bytes(content bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = {path}
AS $$ SELECT '\x01'::bytea || int4send(length(coalesce(content, ''))) || coalesce(content, '') $$;

CREATE OR REPLACE FUNCTION {schema}.aether_audit_text(content text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = {path}
AS $$ SELECT '\x02'::bytea || int4send(length(convert_to(content, 'UTF8'))) || convert_to(content, 'UTF8') $$;

CREATE OR REPLACE FUNCTION {schema}.aether_audit_number(content bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = {path}
AS $$ SELECT '\x0300000008'::bytea || int8send(content) $$;

-- domain.audit.LogEntry.encode
CREATE OR REPLACE FUNCTION {schema}.aether_audit_encoded(e {schema}.audit_entries) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = {path}
AS $$
SELECT aether_audit_text('aether/1/audit-entry')
    || aether_audit_number(e.vault_id) || aether_audit_number(e.id) || aether_audit_number(e.at)
    || aether_audit_number(e.user_id) || aether_audit_text(e.login) || aether_audit_bytes(e.key_id)
    || aether_audit_number(coalesce(e.counter, 0)) || aether_audit_bytes(e.previous)
    || aether_audit_text(e.action) || aether_audit_text(e.table_name) || aether_audit_number(e.row_count)
    || aether_audit_text(e.detail)
$$;

CREATE OR REPLACE FUNCTION {schema}.aether_audit_leaf(entry bytea, signature bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = {path}
AS $$ SELECT sha256('\x00'::bytea || entry || coalesce(signature, '')) $$;

-- whether the login of this session may act as that person: their own login, or whoever is the tables' owner
CREATE OR REPLACE FUNCTION {schema}.aether_audit_may_act(vault bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {path}
AS $$
SELECT EXISTS (
    SELECT 1 FROM vault_members m
    WHERE m.vault_id = vault AND m.user_id = person AND m.login = session_user AND m.left_at IS NULL
) OR pg_has_role(session_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = 'audit_entries'::regclass), 'MEMBER')
$$;

-- Before an entry is written: the state of the device that will sign, locked until the transaction ends; a new device
-- is noted. ``last_hash`` is the leaf hash of what it signed last.
CREATE OR REPLACE FUNCTION {schema}.aether_audit_device(vault bigint, key bytea, person bigint, public bytea)
RETURNS TABLE (last_counter bigint, last_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    known audit_devices;
BEGIN
    IF NOT aether_audit_may_act(vault, person) THEN
        RAISE EXCEPTION 'this login may not sign as person %', person USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF key IS DISTINCT FROM substr(sha256(public), 1, 16) THEN
        RAISE EXCEPTION 'the name of the device key is not its own' USING ERRCODE = 'check_violation';
    END IF;
    SELECT * INTO known FROM audit_devices d WHERE d.vault_id = vault AND d.key_id = key FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_devices (vault_id, key_id, user_id, public_key, registered_at)
        VALUES (vault, key, person, public, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        ON CONFLICT DO NOTHING;
        SELECT * INTO known FROM audit_devices d WHERE d.vault_id = vault AND d.key_id = key FOR UPDATE;
    END IF;
    IF known.user_id <> person THEN
        RAISE EXCEPTION 'the device key belongs to another person' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
        SELECT e.counter, aether_audit_leaf(e.entry, e.signature) FROM audit_entries e
        WHERE e.vault_id = vault AND e.key_id = key ORDER BY e.counter DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 0::bigint, ''::bytea;
    END IF;
END
$$;

-- The tree's leaves, for everybody in the vault: somebody who may not read the entries of others can still see that the
-- log goes on from what they saw. At most 10,000 at once.
CREATE OR REPLACE FUNCTION {schema}.aether_audit_leaves(vault bigint, first bigint, stop bigint)
RETURNS TABLE (leaf_index bigint, leaf bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {path}
AS $$
SELECT e.leaf_index, aether_audit_leaf(e.entry, e.signature) FROM audit_entries e
WHERE e.vault_id = vault AND e.leaf_index >= first AND e.leaf_index < stop AND (
    EXISTS (SELECT 1 FROM vault_members m WHERE m.vault_id = vault AND m.login = session_user AND m.left_at IS NULL)
    OR pg_has_role(session_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = 'audit_entries'::regclass), 'MEMBER')
)
ORDER BY e.leaf_index LIMIT 10000
$$;

-- every new entry: what it says about itself must be true, and what it claims is noted
CREATE OR REPLACE FUNCTION {schema}.aether_audit_accept() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    this constant bigint := pg_current_xact_id()::text::bigint;
    touched jsonb := coalesce(NEW.detail::jsonb -> 'touched', '{}');
    claimed bigint;
BEGIN
    IF NEW.leaf_index IS NOT NULL THEN
        RAISE EXCEPTION 'the place of an entry in the log is not chosen' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT aether_audit_may_act(NEW.vault_id, NEW.user_id) THEN
        RAISE EXCEPTION 'this login may not write entries of person %', NEW.user_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.signature IS NOT NULL THEN
        IF NEW.attested <> 'client' OR NEW.entry IS DISTINCT FROM aether_audit_encoded(NEW) OR NOT EXISTS (
            SELECT 1 FROM audit_devices d
            WHERE d.vault_id = NEW.vault_id AND d.key_id = NEW.key_id AND d.user_id = NEW.user_id
        ) THEN
            RAISE EXCEPTION 'a signed audit entry does not say what its columns say'
                USING ERRCODE = 'check_violation';
        END IF;
    ELSE
        NEW.attested := 'server';
        NEW.login := session_user;
        NEW.key_id := NULL;
        NEW.counter := NULL;
        NEW.previous := NULL;
        NEW.entry := aether_audit_encoded(NEW);
    END IF;
    INSERT INTO audit_tally (seq, txid, vault_id, claim, table_name, inserted, updated, deleted, upserted)
    SELECT nextval('aether_audit_seq'), this, NEW.vault_id, true, t.key, (t.value ->> 0)::bigint,
        (t.value ->> 1)::bigint, (t.value ->> 2)::bigint, (t.value ->> 3)::bigint
    FROM jsonb_each(touched) t;
    SELECT coalesce(sum(abs((n.value)::bigint)), 0) INTO claimed
    FROM jsonb_each(touched) t CROSS JOIN LATERAL jsonb_array_elements_text(t.value) n;
    IF NEW.row_count > claimed THEN
        RAISE EXCEPTION 'an audit entry speaks of more rows than it covers' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO audit_tally (seq, txid, vault_id, claim, inserted, updated, deleted, upserted, entry_id)
    VALUES (nextval('aether_audit_seq'), this, NEW.vault_id, true, 0, 0, 0, 0, NEW.id);
    RETURN NEW;
END
$$;

-- entries only ever get their place; nothing else of them changes, and none goes
CREATE OR REPLACE FUNCTION {schema}.aether_audit_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = {path}
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.leaf_index IS NULL AND OLD.entry IS NOT NULL AND NEW.leaf_index IS NOT NULL THEN
        OLD.leaf_index := NEW.leaf_index;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE OR REPLACE FUNCTION {schema}.aether_audit_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = {path}
AS $$
BEGIN
    RAISE EXCEPTION '% may not be emptied: the audit could not say what was in it', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- after every statement on a watched table
CREATE OR REPLACE FUNCTION {schema}.aether_audit_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    this constant bigint := pg_current_xact_id()::text::bigint;
    found record;
BEGIN
    FOR found IN SELECT c.vault_id AS vault, count(*) AS n FROM changed c GROUP BY c.vault_id LOOP
        INSERT INTO audit_tally (seq, txid, vault_id, claim, table_name, inserted, updated, deleted, upserted, ids)
        VALUES (
            nextval('aether_audit_seq'), this, found.vault, false, TG_TABLE_NAME,
            CASE WHEN TG_OP = 'INSERT' THEN found.n ELSE 0 END,
            CASE WHEN TG_OP = 'UPDATE' THEN found.n ELSE 0 END,
            CASE WHEN TG_OP = 'DELETE' THEN found.n ELSE 0 END,
            0,
            CASE WHEN found.n <= 20 THEN (
                SELECT jsonb_agg(to_jsonb(c) -> 'id') FROM changed c
                WHERE c.vault_id = found.vault AND to_jsonb(c) ? 'id'
            ) END
        );
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION {schema}.aether_audit_count_vaults() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
BEGIN
    INSERT INTO audit_tally (seq, txid, vault_id, claim, table_name, inserted, updated, deleted, upserted, ids)
    SELECT nextval('aether_audit_seq'), pg_current_xact_id()::text::bigint, c.id, false, TG_TABLE_NAME,
        (TG_OP = 'INSERT')::int, (TG_OP = 'UPDATE')::int, (TG_OP = 'DELETE')::int, 0, jsonb_build_array(c.id)
    FROM changed c;
    RETURN NULL;
END
$$;

-- what nobody claimed, as an entry that the server vouches for
CREATE OR REPLACE FUNCTION {schema}.aether_audit_attest(
    vault bigint, changed_table text, inserted bigint, updated bigint, deleted bigint, ids jsonb
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    now_at constant bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    facts jsonb := jsonb_build_object('touched', jsonb_build_object(
        changed_table, jsonb_build_array(inserted, updated, deleted, 0)));
    person bigint;
    new_id bigint;
BEGIN
    SELECT m.user_id INTO person FROM vault_members m
    WHERE m.vault_id = vault AND m.login = session_user ORDER BY m.left_at IS NOT NULL LIMIT 1;
    IF jsonb_array_length(ids) BETWEEN 1 AND 20 THEN
        facts := facts || jsonb_build_object('ids', ids);
    END IF;
    LOOP
        new_id := ((now_at / 1000 - 1704067200000) << 22) | floor(random() * 4194304)::bigint;
        EXIT WHEN NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.vault_id = vault AND e.id = new_id);
    END LOOP;
    INSERT INTO audit_entries (vault_id, id, at, user_id, action, table_name, row_count, detail, row_id)
    VALUES (
        vault, new_id, now_at, coalesce(person, 0), 'database.change', changed_table, inserted + updated + deleted,
        facts::text, CASE WHEN jsonb_array_length(ids) = 1 AND inserted + updated + deleted = 1
            THEN (ids ->> 0)::bigint END
    );
END
$$;

-- at commit, once for each vault: claims against what happened, then places in the log
CREATE OR REPLACE FUNCTION {schema}.aether_audit_settle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    this constant bigint := pg_current_xact_id()::text::bigint;
    vault constant bigint := NEW.vault_id;
    rest record;
    waiting audit_entries;
    before audit_entries;
    head audit_heads;
    carry bytea;
    bits bigint;
BEGIN
    IF NEW.txid <> this OR NOT EXISTS (SELECT 1 FROM audit_tally t WHERE t.txid = this AND t.vault_id = vault) THEN
        RETURN NULL;
    END IF;
    IF pg_trigger_depth() > 1 THEN  -- not at commit, nor by SET CONSTRAINTS ... IMMEDIATE
        IF EXISTS (
            SELECT 1 FROM audit_tally t WHERE t.txid = this AND t.vault_id = vault AND t.table_name = '(settling)'
        ) THEN
            RETURN NULL;  -- by what is added below, which goes on when it is complete
        END IF;
        RAISE EXCEPTION 'changes are audited at commit; first say SET CONSTRAINTS ALL DEFERRED'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    INSERT INTO audit_tally (seq, txid, vault_id, claim, table_name, inserted, updated, deleted, upserted)
    VALUES (nextval('aether_audit_seq'), this, vault, true, '(settling)', 0, 0, 0, 0);
    FOR rest IN
        SELECT t.table_name AS name,
            sum(CASE WHEN t.claim THEN -t.inserted ELSE t.inserted END)::bigint AS i,
            sum(CASE WHEN t.claim THEN -t.updated ELSE t.updated END)::bigint AS u,
            sum(CASE WHEN t.claim THEN -t.deleted ELSE t.deleted END)::bigint AS d,
            sum(t.upserted)::bigint AS x,
            bool_or(t.inserted < 0 OR t.updated < 0 OR t.deleted < 0 OR t.upserted < 0) AS odd,
            bool_or(t.claim) AS claimed
        FROM audit_tally t
        WHERE t.txid = this AND t.vault_id = vault AND t.entry_id IS NULL AND t.table_name <> '(settling)'
        GROUP BY t.table_name
    LOOP
        IF rest.odd OR rest.i < 0 OR rest.u < 0 OR rest.d < 0 OR rest.i + rest.u < rest.x THEN
            RAISE EXCEPTION 'audit entries claim changes of % that did not happen', rest.name
                USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_claims';
        END IF;
        IF rest.i + rest.u + rest.d > rest.x THEN
            PERFORM aether_audit_attest(
                vault, rest.name, greatest(rest.i - rest.x, 0), rest.u - greatest(rest.x - rest.i, 0), rest.d,
                CASE WHEN rest.claimed THEN NULL ELSE (
                    SELECT jsonb_agg(DISTINCT n.value) FROM audit_tally t
                    CROSS JOIN LATERAL jsonb_array_elements(coalesce(t.ids::jsonb, '[]')) n
                    WHERE t.txid = this AND t.vault_id = vault AND t.table_name = rest.name
                ) END
            );
        END IF;
    END LOOP;

    INSERT INTO audit_heads (vault_id, size, peaks) VALUES (vault, 0, '') ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT head FROM audit_heads h WHERE h.vault_id = vault FOR UPDATE;
    FOR waiting IN
        SELECT e.* FROM audit_tally t
        JOIN audit_entries e ON e.vault_id = t.vault_id AND e.id = t.entry_id
        WHERE t.txid = this AND t.vault_id = vault AND t.entry_id IS NOT NULL
        ORDER BY e.counter NULLS LAST, e.id
    LOOP
        IF waiting.key_id IS NOT NULL THEN
            SELECT * INTO before FROM audit_entries e
            WHERE e.vault_id = vault AND e.key_id = waiting.key_id AND e.counter < waiting.counter
            ORDER BY e.counter DESC LIMIT 1;
            IF waiting.counter <> coalesce(before.counter, 0) + 1
                OR coalesce(waiting.previous, '') <> coalesce(aether_audit_leaf(before.entry, before.signature), '')
            THEN
                RAISE EXCEPTION 'a signed audit entry does not follow what its device signed before'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_chain';
            END IF;
        END IF;
        UPDATE audit_entries e SET leaf_index = head.size WHERE e.vault_id = vault AND e.id = waiting.id;
        carry := aether_audit_leaf(waiting.entry, waiting.signature);
        bits := head.size;
        WHILE bits & 1 = 1 LOOP
            carry := sha256('\x01'::bytea || substr(head.peaks, length(head.peaks) - 31) || carry);
            head.peaks := substr(head.peaks, 1, length(head.peaks) - 32);
            bits := bits >> 1;
        END LOOP;
        head.peaks := head.peaks || carry;
        head.size := head.size + 1;
    END LOOP;
    UPDATE audit_heads h SET size = head.size, peaks = head.peaks WHERE h.vault_id = vault;
    DELETE FROM audit_tally t WHERE t.txid = this AND t.vault_id = vault;
    RETURN NULL;
END
$$;

-- put a table under watch; doing so twice is harmless
CREATE OR REPLACE FUNCTION {schema}.aether_audit_watch(watched text) RETURNS void
LANGUAGE plpgsql SET search_path = {path}
AS $$
DECLARE
    counter constant text := CASE watched WHEN 'vaults' THEN 'aether_audit_count_vaults' ELSE 'aether_audit_count' END;
    verb text;
BEGIN
    FOREACH verb IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %I AFTER %s ON %I REFERENCING %s TABLE AS changed'
            ' FOR EACH STATEMENT EXECUTE FUNCTION %I()',
            'aether_audit_' || lower(verb), verb, watched, CASE verb WHEN 'DELETE' THEN 'OLD' ELSE 'NEW' END, counter
        );
    END LOOP;
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER aether_audit_truncate BEFORE TRUNCATE ON %I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION aether_audit_refuse()', watched
    );
END
$$;

CREATE OR REPLACE TRIGGER aether_audit_accept BEFORE INSERT ON {schema}.audit_entries
    FOR EACH ROW EXECUTE FUNCTION {schema}.aether_audit_accept();
CREATE OR REPLACE TRIGGER aether_audit_keep BEFORE UPDATE OR DELETE ON {schema}.audit_entries
    FOR EACH ROW EXECUTE FUNCTION {schema}.aether_audit_keep();
CREATE OR REPLACE TRIGGER aether_audit_truncate BEFORE TRUNCATE ON {schema}.audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_audit_refuse();
DROP TRIGGER IF EXISTS aether_audit_settle ON {schema}.audit_tally;
CREATE CONSTRAINT TRIGGER aether_audit_settle AFTER INSERT ON {schema}.audit_tally
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.aether_audit_settle();

REVOKE ALL ON FUNCTION
    {schema}.aether_audit_bytes(bytea), {schema}.aether_audit_text(text), {schema}.aether_audit_number(bigint),
    {schema}.aether_audit_encoded({schema}.audit_entries), {schema}.aether_audit_leaf(bytea, bytea),
    {schema}.aether_audit_may_act(bigint, bigint), {schema}.aether_audit_device(bigint, bytea, bigint, bytea),
    {schema}.aether_audit_leaves(bigint, bigint, bigint),
    {schema}.aether_audit_accept(), {schema}.aether_audit_keep(), {schema}.aether_audit_refuse(),
    {schema}.aether_audit_count(), {schema}.aether_audit_count_vaults(), {schema}.aether_audit_settle(),
    {schema}.aether_audit_attest(bigint, text, bigint, bigint, bigint, jsonb), {schema}.aether_audit_watch(text)
FROM PUBLIC;
REVOKE ALL ON {schema}.audit_tally FROM PUBLIC;
REVOKE ALL ON SEQUENCE {schema}.aether_audit_seq FROM PUBLIC;
