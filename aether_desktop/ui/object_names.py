"""Every stable ``objectName`` of the window, in one place: tests and outside tools find widgets by these alone.

A name, once released, keeps its meaning. Names of a table's parts are made from the table's name by the functions
below, so that ``transactions_grid`` and ``wallets_grid`` cannot drift apart.
"""

from __future__ import annotations

from typing import Final

# ------------------------------------------------------------------------------------------------ tables, sections
TABLES: Final = (
    "wallets",
    "transactions",
    "contracts",
    "temple_nodes",
    "payments",
    "payment_methods",
    "content",
    "monitoring",
    "users",
)
SECTIONS: Final = (
    "overview",
    "wallets",
    "transactions",
    "payments",
    "payment_methods",
    "contracts",
    "content",
    "temple_nodes",
    "monitoring",
    "people",  # shows the users grid
    "imports",
    "tokens",
    "audit",
    "modules",
    "settings",
)

# ------------------------------------------------------------------------------------------------------ the shell
MAIN_WINDOW: Final = "main_window"
NAVIGATION: Final = "navigation"
NAVIGATION_FIND: Final = "navigation_find"
PAGES: Final = "pages"
MESSAGE_BAR: Final = "message_bar"
MESSAGE_BAR_TEXT: Final = "message_bar_text"
MESSAGE_BAR_DETAILS: Final = "message_bar_details"
MESSAGE_BAR_DISMISS: Final = "message_bar_dismiss"
ACTIVITY_PANEL: Final = "activity_panel"
COMMAND_PALETTE: Final = "command_palette"
COMMAND_PALETTE_INPUT: Final = "command_palette_input"
COMMAND_PALETTE_RESULTS: Final = "command_palette_results"
SHORTCUTS_PAGE: Final = "shortcuts_page"
SHORTCUTS_CLOSE: Final = "shortcuts_close"
STATUS_BAR: Final = "status_bar"
STATUS_CONNECTION: Final = "status_connection"
STATUS_FRESHNESS: Final = "status_freshness"
STATUS_ROWS: Final = "status_rows"
STATUS_LEVEL: Final = "status_level"
STATUS_ACTIVITY: Final = "status_activity"

# ------------------------------------------------------------------------------------------------------ first run
FIRST_RUN: Final = "first_run"
FIRST_RUN_CREATE: Final = "first_run_create"
FIRST_RUN_CREATE_PATH: Final = "first_run_create_path"
FIRST_RUN_CREATE_BROWSE: Final = "first_run_create_browse"
FIRST_RUN_CREATE_START: Final = "first_run_create_start"
FIRST_RUN_OPEN: Final = "first_run_open"
FIRST_RUN_OPEN_PATH: Final = "first_run_open_path"
FIRST_RUN_OPEN_BROWSE: Final = "first_run_open_browse"
FIRST_RUN_OPEN_START: Final = "first_run_open_start"
FIRST_RUN_CONNECT: Final = "first_run_connect"
FIRST_RUN_CONNECT_URL: Final = "first_run_connect_url"
FIRST_RUN_CONNECT_START: Final = "first_run_connect_start"
FIRST_RUN_INVITED: Final = "first_run_invited"
FIRST_RUN_INVITED_PATH: Final = "first_run_invited_path"
FIRST_RUN_INVITED_BROWSE: Final = "first_run_invited_browse"
FIRST_RUN_INVITED_SECRET: Final = "first_run_invited_secret"  # noqa: S105 - a field's name
FIRST_RUN_INVITED_START: Final = "first_run_invited_start"
FIRST_RUN_SAMPLE: Final = "first_run_sample"
FIRST_RUN_SAMPLE_START: Final = "first_run_sample_start"
FIRST_RUN_DIAGNOSTICS: Final = "first_run_diagnostics"
DIAGNOSTICS: Final = "diagnostics"
DIAGNOSTICS_TEXT: Final = "diagnostics_text"
DIAGNOSTICS_SAVE: Final = "diagnostics_save"
DIAGNOSTICS_COPY: Final = "diagnostics_copy"
DIAGNOSTICS_BACK: Final = "diagnostics_back"
FIRST_RUN_ERROR: Final = "first_run_error"
FIRST_RUN_CREATE_PASSWORD: Final = "first_run_create_password"  # noqa: S105 - a name of a field
FIRST_RUN_CREATE_REPEAT: Final = "first_run_create_password_repeat"
FIRST_RUN_CREATE_STRENGTH: Final = "first_run_create_password_strength"


def first_run_recent_name(number: int) -> str:
    """Return the name of one of the vaults opened before, counted from 1."""
    return f"first_run_recent_{number}"


# ----------------------------------------------------------------------------------- locked, passwords, recovery kit
UNLOCK_PAGE: Final = "unlock_page"
UNLOCK_TITLE: Final = "unlock_title"
UNLOCK_PASSWORD: Final = "unlock_password"  # noqa: S105 - a name of a field
UNLOCK_START: Final = "unlock_start"
UNLOCK_ERROR: Final = "unlock_error"
UNLOCK_WAIT: Final = "unlock_wait"
UNLOCK_BUSY: Final = "unlock_busy"
UNLOCK_KEYRING: Final = "unlock_keyring"
UNLOCK_USE_KIT: Final = "unlock_use_kit"
UNLOCK_USE_PASSWORD: Final = "unlock_use_password"  # noqa: S105 - see above
UNLOCK_KIT_WORDS: Final = "unlock_kit_words"
UNLOCK_OTHER: Final = "unlock_other"
SET_PASSWORD_PAGE: Final = "set_password_page"  # noqa: S105 - see above
SET_PASSWORD: Final = "set_password"  # noqa: S105 - see above
SET_PASSWORD_REPEAT: Final = "set_password_repeat"  # noqa: S105 - see above
SET_PASSWORD_START: Final = "set_password_start"  # noqa: S105 - see above
SET_PASSWORD_LATER: Final = "set_password_later"  # noqa: S105 - see above
SET_PASSWORD_ERROR: Final = "set_password_error"  # noqa: S105 - see above
KIT_PAGE: Final = "kit_page"
KIT_SHOW: Final = "kit_show"
KIT_WORDS: Final = "kit_words"
KIT_SAVE: Final = "kit_save"
KIT_NEXT: Final = "kit_next"
KIT_BACK: Final = "kit_back"
KIT_LATER: Final = "kit_later"
KIT_ERROR: Final = "kit_error"
COMPROMISED_PAGE: Final = "compromised_page"
COMPROMISED_CURRENT: Final = "compromised_current"
COMPROMISED_NEW: Final = "compromised_new"
COMPROMISED_START: Final = "compromised_start"
COMPROMISED_CANCEL: Final = "compromised_cancel"
COMPROMISED_KEEP: Final = "compromised_keep"
COMPROMISED_ERROR: Final = "compromised_error"
CLOSE_QUESTION: Final = "close_question"
CLOSE_QUESTION_BACK: Final = "close_question_back"
CLOSE_QUESTION_CLOSE: Final = "close_question_close"
LOCK_QUESTION: Final = "lock_question"
LOCK_QUESTION_SCREEN: Final = "lock_question_screen"
LOCK_QUESTION_LOCK: Final = "lock_question_lock"
LOCK_QUESTION_BACK: Final = "lock_question_back"
STEP_UP_PANEL: Final = "step_up_panel"
STEP_UP_WHY: Final = "step_up_why"
STEP_UP_PASSPHRASE: Final = "step_up_passphrase"  # noqa: S105 - see above
STEP_UP_KEY_FILE: Final = "step_up_key_file"
STEP_UP_START: Final = "step_up_start"
STEP_UP_CANCEL: Final = "step_up_cancel"
STEP_UP_ERROR: Final = "step_up_error"


def kit_check_name(position: int) -> str:
    """Return the name of the field where the kit's word at a position (from 1) is typed back."""
    return f"kit_check_{position}"


def navigation_name(section: str) -> str:
    """Return the name of a section's entry in the navigation."""
    return f"{NAVIGATION}_{section}"


def page_name(section: str) -> str:
    """Return the name of a section's page."""
    return f"{section}_page"


def grid_name(table: str) -> str:
    """Return the name of a table's grid."""
    return f"{table}_grid"


def filter_name(table: str) -> str:
    """Return the name of a table's filter field (the typed query)."""
    return f"{table}_filter"


def add_name(table: str) -> str:
    """Return the name of the button that opens a table's add form."""
    return f"{table}_add"


def import_name(table: str) -> str:
    """Return the name of a table's import button."""
    return f"{table}_import"


def past_imports_name(table: str) -> str:
    """Return the name of the button that lists a table's past imports."""
    return f"{table}_past_imports"


def export_name(table: str) -> str:
    """Return the name of a table's export button."""
    return f"{table}_export"


def columns_name(table: str) -> str:
    """Return the name of the button that opens a table's column chooser."""
    return f"{table}_columns"


def bookmark_name(table: str) -> str:
    """Return the name of the button that keeps or opens a table's saved views."""
    return f"{table}_bookmark"


def builder_name(table: str) -> str:
    """Return the name of the button that opens a table's filter builder."""
    return f"{table}_builder"


def builder_part_name(table: str, part: str) -> str:
    """Return the name of one part of a table's filter builder: panel, field, comparison, value, choice, add."""
    return f"{table}_builder_{part}"


def details_name(table: str) -> str:
    """Return the name of a table's details pane."""
    return f"{table}_details"


def details_toggle_name(table: str) -> str:
    """Return the name of the button that opens and closes a table's details pane."""
    return f"{table}_details_toggle"


def empty_name(table: str) -> str:
    """Return the name of a table's empty state."""
    return f"{table}_empty"


def form_name(table: str) -> str:
    """Return the name of a table's add and edit form."""
    return f"{table}_form"


def form_part_name(table: str, part: str) -> str:
    """Return the name of one part of a table's form: save, cancel, error."""
    return f"{table}_form_{part}"


def detail_part_name(table: str, part: str) -> str:
    """Return the name of one part of a table's details pane: label, note, tags, save, edit, archive, title."""
    return f"{table}_details_{part}"


def selection_name(table: str, part: str) -> str:
    """Return the name of one part of what is done with a table's selected rows.

    Parts: bar, text, all, sum, label, export, copy, clear; sum_sheet, add_up, copy_sum; label_sheet, new_label,
    new_tags, new_note, theirs, write.
    """
    return f"{table}_selection_{part}"


def field_name(table: str, field: str) -> str:
    """Return the name of one field in a table's form."""
    return f"{table}_field_{field}"


def import_part_name(part: str) -> str:
    """Return the name of one part of the import wizard.

    Parts: wizard, files, choose, wallet, add_wallet, zone, mapping, day_first, leave_out, preview, preview_file,
    preview_counts, next, back, close, result, result_counts, rejections, copy_rejections, save_rejections, more,
    decimals; and, with a field's or row's name behind a further underscore: map, account, remove, progress, cancel,
    retry, show_rows.
    """
    return f"import_{part}"


def overview_part_name(part: str) -> str:
    """Return the name of one part of the overview.

    Parts: cards, worth, totals, balances, open_rows, history, history_currency, last_import, import_rows, all_imports,
    import, attention, safety, empty, empty_begin, start_import; and, numbered from 0 with a further underscore: act,
    rows, safety_act.
    """
    return f"overview_{part}"


def groups_part_name(part: str) -> str:
    """Return the name of one part of the grouped transactions.

    Parts: by (the button), menu, view, grid, details, rows, nothing, failed; trail and back while a group is open.
    """
    return f"transactions_groups_{part}"


def imports_part_name(part: str) -> str:
    """Return the name of one part of the imports page: grid, details, details_toggle, empty, add, rejections,
    copy_rejections, rows, touched, import, undo, undo_now, undo_not."""
    return f"imports_{part}"


def tokens_part_name(part: str) -> str:
    """Return the name of one part of the tokens page: grid, details, details_toggle, empty, rows,
    decimals, rescale."""
    return f"tokens_{part}"


def modules_part_name(part: str) -> str:
    """Return the name of one part of the modules page: grid, details, details_toggle, notice, switch, switch_anyway,
    switch_leave."""
    return f"modules_{part}"


def audit_part_name(part: str) -> str:
    """Return the name of one part of the audit page.

    grid, details, details_toggle, empty, problem, newer, older, only_row, only_person, proof, verify_now, sheet,
    sheet_toggle, verify, checkpoint, code, their_code, their_file, and filter_ with person, action, table, row, since,
    until, clear.
    """
    return f"audit_{part}"


def settings_part_name(part: str) -> str:
    """Return the name of one part of the settings page.

    Parts: theme, zone, fiat, compact, connection; and the tasks backup, restore, check, labels_export, labels_import,
    prices_import, each with cancel, result and copy behind a further underscore. Of the security card: password, kit,
    level_2, level_3, compromised, each with result and form parts (current, new, new_repeat, save, cancel, key_file)
    behind a further underscore; keyring, ways, way_N, idle, sleep, session. Of the card about watching: keep_watching,
    at_login, watch_locked, desktop_notices, quiet_hours, quiet_from, quiet_to. Of the card of networks: network and its
    network_name, _chain_id, _symbol, _endpoints, _confirmations, _explorer, _save, _check, _remove, _result. Of the
    card of newer versions: release_place, release_key, release_look.
    """
    return f"settings_{part}"


def people_part_name(part: str) -> str:
    """Return the name of one part of the people page.

    Parts: note, invitations, keys, certified (header buttons), person (the section) and its state, code, role,
    give_role, activity, invite_again, court_N, revoke_now, revoke_not; invite (the sheet) and its username,
    display_name, role, url, send, secret, copy, save, leave, stay; invitations_sheet, accept_N, open_N, withdraw_N;
    keys_sheet, begin, rotate_N, code_typed, trust, own_courts, open_recovery; recovery (the sheet) and its release_N,
    restore_N, recovery_withdraw_N, recovery_asked, recovery_purpose, recovery_ask, recovery_court, recovery_holder_N,
    recovery_needed, recovery_deal; certified_sheet and its known, known_state, known_code, known_problem,
    known_court_N, known_revoke_now, known_revoke_not.
    """
    return f"people_{part}"


def wallet_part_name(part: str) -> str:
    """Return the name of one part of the wallets page beyond the table's own.

    Parts: new_key (header button); key (the section of the details) and its key_state, qr, reveal, revealed, account,
    export, forget; new_key_sheet and its kind, name, chain, words, passphrase, path, private_key, file, key_password,
    make_words, show_words, word_grid, check_N, keep, new_key_error; export_sheet and its export_password,
    export_write; forget_sheet and its forget_now.
    """
    return f"wallets_{part}"


def nodes_part_name(part: str) -> str:
    """Return the name of one part of the temple nodes page beside its table.

    Parts: map, map_toggle, notices (button), notices_sheet, notices_grid, notices_read; the page of one node and its
    parts: node_page, node_back, node_check, node_silence, node_edit, node_elevate, node_spans, node_band, node_latency,
    node_height, node_log, node_covenants, node_covenant_kind, node_covenant_note, node_covenant_perform, node_add,
    node_save; and, numbered from 0 with a further underscore: node_kind, node_target, node_network, node_interval,
    node_essential, node_remove.
    """
    return f"temple_nodes_{part}"
