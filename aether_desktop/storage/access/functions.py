"""Functions and triggers of a shared database that act with more rights than their caller, and so ask who it is.

They belong to the provisioner, name every table with its schema, and keep temporary tables out of the way by their
search_path. A login is only ever made, never taken over; its name has our prefix; its role is one of the four; its
password arrives as a SCRAM-SHA-256 verifier (RFC 5803), so that the server and its logs never see it.
"""
# ruff: noqa: S608 - every name comes from AccessNames or is fixed

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aether_desktop.domain.back_off import MOST_FAILURES
from aether_desktop.domain.permissions import RANKS
from aether_desktop.storage.access.names import AccessNames

_SAFE: Final = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
_RANKS: Final = f"ARRAY[{', '.join(repr(role.value) for role in RANKS)}]"
_NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_VERIFIER: Final = r"^SCRAM-SHA-256\$[0-9]{4,7}:[A-Za-z0-9+/]{22,86}={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$"
_ONLY_ZADOKITES: Final = """
    IF (p_vault = ANY (public.aether_vaults('zadokite'))) IS NOT TRUE THEN
        RAISE insufficient_privilege USING MESSAGE = 'only a Zadokite of the vault may do this';
    END IF;"""
SIGNATURES: Final = (  # functions that people call, with the lowest role that may
    ("aether_seats()", "member"),
    ("aether_vaults(text)", "member"),
    ("aether_create_login(bigint, bigint, text, text, bigint)", "zadokite"),
    ("aether_admit_login(bigint, bigint)", "zadokite"),
    ("aether_release_login(bigint, bigint)", "zadokite"),
    ("aether_set_role(bigint, bigint, text)", "zadokite"),
    ("aether_disable_login(bigint, bigint)", "zadokite"),
    ("aether_enable_login(bigint, bigint)", "zadokite"),
    ("aether_end_sessions(bigint, bigint)", "zadokite"),
)
CALLED_OF_OWNER: Final = (  # by every person (the audit's, the ledger's and those of search)
    "aether_audit_device(bigint, bytea, bigint, bytea)",
    "aether_audit_leaves(bigint, bigint, bigint)",
    "aether_ledger_settle(bigint, bigint)",
    "aether_ledger_mark_all(bigint)",
    "aether_search(bigint, bigint[], text[], bigint)",
    "aether_search_addresses(bigint, text[], bigint)",
    "aether_search_check(bigint, text)",
    "aether_search_mark_all(bigint)",
    "aether_search_settle(bigint, bigint)",
    "aether_search_tidy(bigint)",
)
FORMER: Final = ("aether_create_login(bigint, bigint, text, text)",)  # of earlier programs: without an end
INTERNAL: Final = (
    "aether_settle_login(text)",
    "aether_follow_member()",
    "aether_hold_number()",
    "aether_guard_person()",
    "aether_count_attempt()",
)


def is_verifier(text: str) -> bool:
    """Whether the text is a SCRAM-SHA-256 verifier (RFC 5803), which can stand between quotation marks."""
    return re.fullmatch(_VERIFIER, text) is not None


def of_provisioner(names: AccessNames, *, role_options: bool) -> Iterator[str]:
    """To run as the provisioner. ``role_options``: the server knows GRANT ... WITH INHERIT (PostgreSQL 16)."""
    yield _SEATS
    yield _VAULTS
    yield _settle_login(names)
    yield _FOLLOW_MEMBER
    yield _HOLD_NUMBER
    yield _GUARD_PERSON
    yield _COUNT_ATTEMPT
    for signature in FORMER:
        yield f"DROP FUNCTION IF EXISTS public.{signature}"
    yield _create_login(names, role_options=role_options)
    yield _admit_login(names)
    yield _RELEASE_LOGIN
    yield _SET_ROLE
    yield _DISABLE
    yield _ENABLE
    yield _END_SESSIONS
    for signature in (*INTERNAL, *(name for name, _ in SIGNATURES)):
        yield f"REVOKE ALL ON FUNCTION public.{signature} FROM PUBLIC, {', '.join(names.groups)}"
    for signature, role in SIGNATURES:
        yield f"GRANT EXECUTE ON FUNCTION public.{signature} TO aether_{names.tag}_{role}"


def of_owner(names: AccessNames) -> Iterator[str]:
    """To run as the owner of the tables: what the provisioner may touch, and the triggers."""
    who = names.provisioner
    yield f"GRANT SELECT, UPDATE (role, login, left_at) ON public.vault_members TO {who}"
    yield f"GRANT SELECT, UPDATE (role, active, version) ON public.users TO {who}"
    for table in ("vault_members", "users"):
        yield f"CREATE POLICY aether_provisioner ON public.{table} TO {who} USING (true) WITH CHECK (true)"
    # For members, who own a part of a large ledger; a vault file needs none. The other tables have theirs.
    yield (
        "CREATE INDEX IF NOT EXISTS aether_owner_time"
        " ON public.transactions (vault_id, owner_id, occurred_at, id, archived_at)"
    )
    yield (
        "CREATE OR REPLACE TRIGGER aether_follow_member AFTER INSERT OR UPDATE ON public.vault_members"
        " FOR EACH ROW EXECUTE FUNCTION public.aether_follow_member()"
    )
    yield (
        "CREATE OR REPLACE TRIGGER aether_hold_number BEFORE INSERT OR UPDATE ON public.id_clients"
        " FOR EACH ROW EXECUTE FUNCTION public.aether_hold_number()"
    )
    yield (
        "CREATE OR REPLACE TRIGGER aether_guard_person BEFORE UPDATE ON public.users"
        " FOR EACH ROW EXECUTE FUNCTION public.aether_guard_person()"
    )
    yield (
        "CREATE OR REPLACE TRIGGER aether_count_attempt BEFORE UPDATE ON public.unlock_attempts"
        " FOR EACH ROW EXECUTE FUNCTION public.aether_count_attempt()"
    )


# Where this login is at home. ``session_user`` is who logged in, whatever SET ROLE or a definer function says.
_SEATS: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_seats() RETURNS TABLE (vault_id bigint, user_id bigint)
LANGUAGE sql STABLE ROWS 4 {_SAFE} AS $$
    SELECT m.vault_id, m.user_id FROM public.vault_members m
    WHERE m.login = session_user::text AND m.left_at IS NULL
$$"""
_VAULTS: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_vaults(p_least text) RETURNS bigint[]
LANGUAGE sql STABLE {_SAFE} AS $$
    SELECT coalesce(array_agg(m.vault_id), '{{}}') FROM public.vault_members m
    WHERE m.login = session_user::text AND m.left_at IS NULL
      AND array_position({_RANKS}, m.role::text) >= array_position({_RANKS}, p_least)
$$"""

# Who holds a client number, and from which moment on: nobody can say it for somebody else.
_HOLD_NUMBER: Final = """
CREATE OR REPLACE FUNCTION public.aether_hold_number() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.login := session_user;
        NEW.starts_at := 0;
    ELSIF OLD.login IS DISTINCT FROM session_user::text THEN
        NEW.login := session_user;
        NEW.starts_at := OLD.expires_at;
    ELSE
        NEW.login := OLD.login;
        NEW.starts_at := OLD.starts_at;
    END IF;
    RETURN NEW;
END $$"""

# A plain e-mail address is unique in the vault, so trying one would tell whether somebody has it.
_GUARD_PERSON: Final = """
CREATE OR REPLACE FUNCTION public.aether_guard_person() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.email_fold IS DISTINCT FROM OLD.email_fold AND NEW.email_fold <> ''
       AND NOT pg_has_role(session_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = TG_RELID), 'MEMBER')
       AND NOT NEW.vault_id = ANY (public.aether_vaults('zadokite')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'only a Zadokite changes an e-mail address that is not sealed';
    END IF;
    RETURN NEW;
END $$"""

# Wrong factors: one more by the server's clock, or none any more. The server cannot know a right factor from a claim.
_COUNT_ATTEMPT: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_count_attempt() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.last_at := {_NOW};
    IF NEW.failures <> 0 THEN
        NEW.failures := least(OLD.failures + 1, {MOST_FAILURES});
    END IF;
    RETURN NEW;
END $$"""

_FOLLOW_MEMBER: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_follow_member() RETURNS trigger
LANGUAGE plpgsql {_SAFE} AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.role = 'zadokite' THEN
        PERFORM 1 FROM public.vault_members m  -- locked: two who lower each other at once
        WHERE m.vault_id = NEW.vault_id AND m.role = 'zadokite' AND m.left_at IS NULL FOR UPDATE;
        IF NOT FOUND THEN
            RAISE insufficient_privilege USING MESSAGE = 'a vault keeps at least one Zadokite';
        END IF;
    END IF;
    IF NEW.login <> '' AND (TG_OP = 'INSERT' OR (NEW.role, NEW.login, NEW.left_at IS NULL)
                            IS DISTINCT FROM (OLD.role, OLD.login, OLD.left_at IS NULL)) THEN
        PERFORM public.aether_settle_login(NEW.login);
    END IF;
    RETURN NULL;
END $$"""


def _settle_login(names: AccessNames) -> str:
    """The login is in the group of its highest role and in no other; without a seat it may not log in."""
    return f"""
CREATE OR REPLACE FUNCTION public.aether_settle_login(p_login text) RETURNS void
LANGUAGE plpgsql {_SAFE} AS $$
DECLARE
    v_best text;
    v_role text;
    v_member boolean;
BEGIN
    IF p_login !~ '^{names.login_prefix}[a-z0-9_]{{1,36}}$' THEN
        RETURN;
    END IF;
    SELECT m.role INTO v_best FROM public.vault_members m WHERE m.login = p_login AND m.left_at IS NULL
    ORDER BY array_position({_RANKS}, m.role::text) DESC LIMIT 1;
    FOREACH v_role IN ARRAY {_RANKS} LOOP
        v_member := EXISTS (
            SELECT 1 FROM pg_auth_members a
            WHERE a.roleid = ('aether_{names.tag}_' || v_role)::regrole AND a.member = p_login::regrole
        );
        IF v_member AND v_role IS DISTINCT FROM v_best THEN
            EXECUTE format('REVOKE %I FROM %I', 'aether_{names.tag}_' || v_role, p_login);
        ELSIF NOT v_member AND v_role = v_best THEN
            EXECUTE format('GRANT %I TO %I', 'aether_{names.tag}_' || v_role, p_login);
        END IF;
    END LOOP;
    IF v_best IS NULL THEN
        EXECUTE format('ALTER ROLE %I NOLOGIN', p_login);
        PERFORM pg_terminate_backend(s.pid) FROM pg_stat_activity s
        WHERE s.usename = p_login AND s.pid <> pg_backend_pid();
    ELSE
        EXECUTE format('ALTER ROLE %I LOGIN', p_login);
    END IF;
END $$"""


def _create_login(names: AccessNames, *, role_options: bool) -> str:
    # The provisioner joins the login so that it may end its sessions. On 14 and 15 membership brings its rights by
    # itself; from 16 on it must be said (run on 16.2 and 18.6).
    joined = " WITH INHERIT TRUE" if role_options else ""
    return f"""
CREATE OR REPLACE FUNCTION public.aether_create_login(
    p_vault bigint, p_user bigint, p_login text, p_verifier text, p_until bigint
) RETURNS void LANGUAGE plpgsql {_SAFE} AS $$
BEGIN{_ONLY_ZADOKITES}
    IF p_login IS NULL OR p_login !~ '^{names.login_prefix}[a-z0-9_]{{1,36}}$' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'not a name for a login of this database';
    END IF;
    IF p_verifier IS NULL OR p_verifier !~ '{_VERIFIER}'
       OR split_part(split_part(p_verifier, '$', 2), ':', 1)::int < 4096 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'not a SCRAM-SHA-256 verifier';
    END IF;
    PERFORM 1 FROM public.vault_members m
    WHERE m.vault_id = p_vault AND m.user_id = p_user AND m.login = '' AND m.left_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no such person without a login in this vault';
    END IF;
    IF EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = p_login) THEN
        RAISE duplicate_object USING MESSAGE = 'there is a login of this name';
    END IF;
    EXECUTE format('CREATE ROLE %I LOGIN INHERIT CONNECTION LIMIT 40 PASSWORD %L VALID UNTIL %L', p_login, p_verifier,
                   coalesce(to_timestamp(p_until / 1000000.0)::text, 'infinity'));  -- NULL: without an end
    EXECUTE format('GRANT %I TO {names.provisioner}{joined}', p_login);
    UPDATE public.vault_members m SET login = p_login WHERE m.vault_id = p_vault AND m.user_id = p_user;
END $$"""


# Once the keys of an invited person are certified, their login is theirs for good.
def _admit_login(names: AccessNames) -> str:
    return f"""
CREATE OR REPLACE FUNCTION public.aether_admit_login(p_vault bigint, p_user bigint)
RETURNS void LANGUAGE plpgsql {_SAFE} AS $$
DECLARE
    v_login text;
BEGIN{_ONLY_ZADOKITES}
    SELECT m.login INTO v_login FROM public.vault_members m
    WHERE m.vault_id = p_vault AND m.user_id = p_user FOR UPDATE;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no such person in this vault';
    END IF;
    IF v_login ~ '^{names.login_prefix}[a-z0-9_]{{1,36}}$' THEN
        EXECUTE format('ALTER ROLE %I VALID UNTIL %L', v_login, 'infinity');
    END IF;
END $$"""


# A login is never taken over: somebody who lost theirs gets another, and this vault's seat leaves the old one.
_RELEASE_LOGIN: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_release_login(p_vault bigint, p_user bigint)
RETURNS void LANGUAGE plpgsql {_SAFE} AS $$
DECLARE
    v_login text;
BEGIN{_ONLY_ZADOKITES}
    SELECT m.login INTO v_login FROM public.vault_members m
    WHERE m.vault_id = p_vault AND m.user_id = p_user FOR UPDATE;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no such person in this vault';
    END IF;
    IF v_login = session_user::text THEN
        RAISE insufficient_privilege USING MESSAGE = 'nobody gives up their own login';
    END IF;
    IF v_login <> '' THEN
        UPDATE public.vault_members m SET login = '' WHERE m.vault_id = p_vault AND m.user_id = p_user;
        PERFORM public.aether_settle_login(v_login);
    END IF;
END $$"""
_SET_ROLE: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_set_role(p_vault bigint, p_user bigint, p_role text)
RETURNS void LANGUAGE plpgsql {_SAFE} AS $$
BEGIN{_ONLY_ZADOKITES}
    IF p_role IS NULL OR NOT p_role = ANY ({_RANKS}) THEN
        RAISE invalid_parameter_value USING MESSAGE = 'no such role';
    END IF;
    UPDATE public.vault_members m SET role = p_role WHERE m.vault_id = p_vault AND m.user_id = p_user;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no such person in this vault';
    END IF;
    UPDATE public.users u SET role = p_role, version = version + 1 WHERE u.vault_id = p_vault AND u.id = p_user;
END $$"""
_DISABLE: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_disable_login(p_vault bigint, p_user bigint)
RETURNS void LANGUAGE plpgsql {_SAFE} AS $$
BEGIN{_ONLY_ZADOKITES}
    UPDATE public.vault_members m SET left_at = coalesce(left_at, {_NOW})
    WHERE m.vault_id = p_vault AND m.user_id = p_user;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no such person in this vault';
    END IF;
    UPDATE public.users u SET active = false, version = version + 1 WHERE u.vault_id = p_vault AND u.id = p_user;
END $$"""
_ENABLE: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_enable_login(p_vault bigint, p_user bigint)
RETURNS void LANGUAGE plpgsql {_SAFE} AS $$
BEGIN{_ONLY_ZADOKITES}
    UPDATE public.vault_members m SET left_at = NULL WHERE m.vault_id = p_vault AND m.user_id = p_user;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no such person in this vault';
    END IF;
    UPDATE public.users u SET active = true, version = version + 1 WHERE u.vault_id = p_vault AND u.id = p_user;
END $$"""

# Called again after a disabling is committed: a session may have begun in between.
_END_SESSIONS: Final = f"""
CREATE OR REPLACE FUNCTION public.aether_end_sessions(p_vault bigint, p_user bigint)
RETURNS integer LANGUAGE plpgsql {_SAFE} AS $$
DECLARE
    v_ended integer := 0;
    v_pid integer;
BEGIN{_ONLY_ZADOKITES}
    FOR v_pid IN
        SELECT s.pid FROM public.vault_members m JOIN pg_stat_activity s ON s.usename = m.login
        WHERE m.vault_id = p_vault AND m.user_id = p_user AND m.left_at IS NOT NULL AND m.login <> ''
          AND s.pid <> pg_backend_pid()
    LOOP
        v_ended := v_ended + pg_terminate_backend(v_pid)::integer;
    END LOOP;
    RETURN v_ended;
END $$"""
