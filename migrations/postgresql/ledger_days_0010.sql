-- Sums of the ledger by day inside PostgreSQL: triggers mark the days whose rows changed, settling adds them up anew.
--
-- Nobody writes either table: what they hold is made of the rows, by functions of the tables' owner. A day is true
-- where no mark is visible. Marks of different transactions are different rows, so that writers never wait for each
-- other; one at a time settles, so that an older sum never replaces a newer one. The words {schema} and {path} are
-- replaced before this is sent; running it again is harmless.

-- days since 1970-01-01 of a time in microseconds
CREATE OR REPLACE FUNCTION {schema}.aether_ledger_day(moment bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = {path}
AS $$ SELECT (moment + 69120000000000000) / 86400000000 - 800000 $$;

-- The number of a units key: a length byte, then big-endian bytes. Digits reach numbers through bit strings, 60 bits at
-- a time. Without a search_path of its own, so that it is computed in place; its callers have one.
CREATE OR REPLACE FUNCTION {schema}.aether_ledger_units(key bytea) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT CASE WHEN pg_catalog.length(key) <= 8
    THEN ('x' || pg_catalog.lpad(pg_catalog.encode(pg_catalog.substr(key, 2), 'hex'), 16, '0'))::bit(64)::bigint::numeric
    ELSE (
        SELECT ('x' || pg_catalog.substr(d.digits, 1, 15))::bit(60)::bigint::numeric
            * 1766847064778384329583297500742918515827483896875618958121606201292619776
            + ('x' || pg_catalog.substr(d.digits, 16, 15))::bit(60)::bigint::numeric
            * 1532495540865888858358347027150309183618739122183602176
            + ('x' || pg_catalog.substr(d.digits, 31, 15))::bit(60)::bigint::numeric
            * 1329227995784915872903807060280344576
            + ('x' || pg_catalog.substr(d.digits, 46, 15))::bit(60)::bigint::numeric
            * 1152921504606846976
            + ('x' || pg_catalog.substr(d.digits, 61, 15))::bit(60)::bigint::numeric
        FROM (SELECT pg_catalog.lpad(pg_catalog.encode(pg_catalog.substr(key, 2), 'hex'), 75, '0') AS digits) d
    )
    END
$$;

CREATE OR REPLACE FUNCTION {schema}.aether_ledger_mark() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    this constant bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO ledger_marks (vault_id, wallet_id, day, owner_id, mark)
        SELECT DISTINCT c.vault_id, c.wallet_id, aether_ledger_day(c.occurred_at), c.owner_id, this FROM changed c
        ON CONFLICT DO NOTHING;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO ledger_marks (vault_id, wallet_id, day, owner_id, mark)
        SELECT DISTINCT f.vault_id, f.wallet_id, aether_ledger_day(f.occurred_at), f.owner_id, this FROM former f
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;

-- whether the login of this session is at home in the vault, or is whoever owns the tables; the least role, if any
CREATE OR REPLACE FUNCTION {schema}.aether_ledger_may(vault bigint, roles text[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {path}
AS $$
SELECT EXISTS (
    SELECT 1 FROM vault_members m
    WHERE m.vault_id = vault AND m.login = session_user AND m.left_at IS NULL
        AND (roles IS NULL OR m.role::text = ANY (roles))
) OR pg_has_role(session_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = 'ledger_days'::regclass), 'MEMBER')
$$;

-- Adds up at most so many marked days; the number done, -1 while somebody else does it.
CREATE OR REPLACE FUNCTION {schema}.aether_ledger_settle(vault bigint, most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    one record;
    done bigint := 0;
    first bigint;
BEGIN
    IF NOT aether_ledger_may(vault, NULL) THEN
        RAISE EXCEPTION 'this login is not at home in the vault' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('aether ledger', vault)) THEN
        RETURN -1;
    END IF;
    FOR one IN
        SELECT DISTINCT m.wallet_id, m.day FROM ledger_marks m WHERE m.vault_id = vault
        ORDER BY m.wallet_id, m.day LIMIT least(greatest(most, 0), 100000)
    LOOP
        -- a later statement sees at least what an earlier one saw: whatever is not added up here keeps its mark
        DELETE FROM ledger_marks m WHERE m.vault_id = vault AND m.wallet_id = one.wallet_id AND m.day = one.day;
        DELETE FROM ledger_days d WHERE d.vault_id = vault AND d.wallet_id = one.wallet_id AND d.day = one.day;
        first := one.day * 86400000000;
        WITH movements AS MATERIALIZED (
            SELECT t.owner_id, t.occurred_at, t.direction::text AS direction, t.status::text AS status,
                t.currency_id, aether_ledger_units(t.amount) AS amount,
                t.fee_currency_id, aether_ledger_units(t.fee) AS fee
            FROM transactions t
            WHERE t.vault_id = vault AND t.wallet_id = one.wallet_id AND t.occurred_at >= first
                AND t.occurred_at < first + 86400000000 AND t.archived_at IS NULL
        ), parts AS (
            SELECT owner_id, occurred_at, currency_id AS coin,
                CASE WHEN status <> 'confirmed' THEN 0 WHEN direction = 'in' THEN amount
                    WHEN direction = 'out' THEN -amount ELSE 0 END AS change,
                (status = 'confirmed')::int AS counted, 1 AS shown
            FROM movements
            UNION ALL
            SELECT owner_id, occurred_at, fee_currency_id,
                CASE WHEN status IN ('confirmed', 'failed') THEN -fee ELSE 0 END,
                (status = 'failed' OR (status = 'confirmed' AND fee_currency_id <> currency_id))::int, 0
            FROM movements WHERE fee_currency_id IS NOT NULL
        ), instants AS (
            SELECT owner_id, coin, occurred_at, sum(change) AS change, sum(counted) AS counted, sum(shown) AS shown
            FROM parts GROUP BY owner_id, coin, occurred_at
        ), running AS (
            SELECT *, sum(change) OVER (PARTITION BY owner_id, coin ORDER BY occurred_at) AS level FROM instants
        )
        INSERT INTO ledger_days (vault_id, wallet_id, day, currency_id, owner_id, units, lowest, counted, shown)
        SELECT vault, one.wallet_id, one.day, coin, owner_id, sum(change), least(min(level), 0),
            sum(counted)::bigint, sum(shown)::bigint
        FROM running GROUP BY owner_id, coin;
        done := done + 1;
    END LOOP;
    RETURN done;
END
$$;

-- Marks every day to be added up anew: of the whole vault for whoever reads it, else of one's own rows.
CREATE OR REPLACE FUNCTION {schema}.aether_ledger_mark_all(vault bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path}
AS $$
DECLARE
    everything constant boolean := aether_ledger_may(vault, ARRAY['levite', 'aaronic', 'zadokite']);
    this constant bigint := pg_current_xact_id()::text::bigint;
BEGIN
    INSERT INTO ledger_marks (vault_id, wallet_id, day, owner_id, mark)
    SELECT s.vault_id, s.wallet_id, s.day, s.owner_id, this FROM (
        SELECT t.vault_id, t.wallet_id, aether_ledger_day(t.occurred_at) AS day, t.owner_id FROM transactions t
        WHERE t.vault_id = vault
        UNION SELECT d.vault_id, d.wallet_id, d.day, d.owner_id FROM ledger_days d WHERE d.vault_id = vault
    ) s
    WHERE everything OR EXISTS (
        SELECT 1 FROM vault_members m WHERE m.vault_id = vault AND m.user_id = s.owner_id AND m.login = session_user
            AND m.left_at IS NULL
    )
    ON CONFLICT DO NOTHING;
END
$$;

CREATE OR REPLACE TRIGGER aether_ledger_insert AFTER INSERT ON {schema}.transactions
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_ledger_mark();
CREATE OR REPLACE TRIGGER aether_ledger_update AFTER UPDATE ON {schema}.transactions
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_ledger_mark();
CREATE OR REPLACE TRIGGER aether_ledger_delete AFTER DELETE ON {schema}.transactions
    REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION {schema}.aether_ledger_mark();

REVOKE ALL ON FUNCTION
    {schema}.aether_ledger_day(bigint), {schema}.aether_ledger_units(bytea), {schema}.aether_ledger_mark(),
    {schema}.aether_ledger_may(bigint, text[]), {schema}.aether_ledger_settle(bigint, bigint),
    {schema}.aether_ledger_mark_all(bigint)
FROM PUBLIC;
