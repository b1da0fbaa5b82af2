"""vault password|kit|keys|unlock|accept-keys|forget-copies|compromised: what opens a vault."""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path

from aether_desktop.cli.asking import from_file, words_from_file
from aether_desktop.cli.levels import factor_files, level_factor, new_level_factor
from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.courts import Court
from aether_desktop.ports.errors import AetherError, InvalidInputError, OperationCancelled
from aether_desktop.ports.vault_keys import Factor, VaultLockedError
from aether_desktop.services.targets import Target
from aether_desktop.services.vault_access import AccessState, VaultAccess

_TYPED_BACK = 3  # words of a kit


def password(context: Context) -> int:
    """A first password, another one, or one for this device after the kit."""
    target, access, name = _vault(context)
    options = context.options
    new_file = Path(options.new_password_file) if options.new_password_file else None
    if access.state is AccessState.OLD:
        access.set_first_password(context.asker.new_password(name, new_file, known=_tried(target)))
        with closing(context.app.open(target, progress=context.progress)):  # encrypts the file anew
            context.progress.clear()
            context.terminal.say("The vault has a password now. Make a recovery kit next: vault kit")
        return DONE
    if options.with_kit or options.kit_file:
        words = words_from_file(Path(options.kit_file)) if options.kit_file else context.asker.words()
        access.unlock(words)
        _open_for_record(context)
        access.set_password_after_kit(context.asker.new_password(name, new_file, known=_tried(target)))
        context.terminal.say("The kit opened the vault; the new password opens it on this device.")
        return DONE
    current = context.asker.password(name)
    access.unlock(current.copy())
    new = _new_password(context, target, name)
    _open_for_record(context)
    access.change_password(current, new)
    context.terminal.say("The password is changed.")
    return DONE


def kit(context: Context) -> int:
    """Show a recovery kit once; it counts when some words were typed back."""
    _, access, name = _vault(context)
    _require_password(access)
    if not context.asker.can_type and not context.options.without_confirmation:
        raise InvalidInputError(
            "Words are typed back at a terminal.",
            field="kit",
            hint="Scripts that keep the words safe give --without-confirmation.",
        )
    access.unlock(context.asker.password(name))
    _open_all(context, access)
    _open_for_record(context)
    new = access.new_kit(Path(name).stem)
    context.terminal.say(
        f"Recovery kit {new.kit_id} of {new.vault_name}. Write these words on paper, now; they open the vault."
    )
    for number, word in enumerate(new.words, start=1):
        context.terminal.line(f"{number:2}. {word}")
    context.terminal.flush()
    if context.options.without_confirmation:
        positions = {1: new.words[0]}
    else:
        chosen = sorted(secrets.SystemRandom().sample(range(1, len(new.words) + 1), _TYPED_BACK))
        positions = {position: context.asker.line(f"Word {position}: ") for position in chosen}
    access.keep_kit(new, positions)
    context.terminal.say("The kit is valid; an older one opens nothing any more.")
    return DONE


def keys(context: Context) -> int:
    """What opens which level, without opening anything."""
    _, access, _ = _vault(context)
    report = access.device()
    slots = [slot for level in access.describe() for slot in level.slots]
    if context.options.json:
        context.terminal.json(
            {
                "state": access.state.value,
                "device_key": report.state.value,
                "device_key_says": f"{report.message} {report.hint}".strip(),
                "slots": [
                    {
                        "level": int(slot.level),
                        "kind": slot.kind.value,
                        "label": slot.label,
                        "title": slot.title,
                        "created": slot.created.isoformat().replace("+00:00", "Z"),
                        "here": slot.here,
                        "slot_id": slot.slot_id,
                    }
                    for slot in slots
                ],
            }
        )
        return DONE
    if access.state is AccessState.OLD:
        context.terminal.say("This vault has no password yet. Set one with: vault password")
    elif (notice := access.keys_notice()) is not None:
        context.terminal.say(f"{notice.text} {notice.command_hint}")
    context.terminal.say(f"{report.message} {report.hint}".strip())
    rows = [
        (str(int(slot.level)), slot.title, f"{slot.created:%Y-%m-%d}", "yes" if slot.here else "no") for slot in slots
    ]
    context.terminal.table(("level", "opened by", "since", "usable here"), rows)
    return DONE


def unlock(context: Context) -> int:
    """Say whether the password opens the vault, and open nothing."""
    _, access, name = _vault(context)
    _require_password(access)
    access.unlock(context.asker.password(name))
    context.terminal.say("The password opens the vault.")
    return DONE


def compromised(context: Context) -> int:
    """New secrets everywhere, then the file encrypted anew."""
    new_files = factor_files(context, "new-factor-file")
    target, access, name = _vault(context)
    _require_password(access)
    current = context.asker.password(name)
    access.unlock(current.copy())
    _open_all(context, access)
    new = {Court.OUTER: _new_password(context, target, name)}
    for level in access.describe():
        if level.exists and level.level is not Court.OUTER:
            new[level.level] = new_level_factor(context, level.level, new_files, option="new-factor-file")
    context.terminal.say(
        "Everything gets new keys, then the file is encrypted anew. That cannot be cancelled once it has begun; if it"
        " is interrupted, the next opening finishes it, with the new password."
    )
    _open_for_record(context)
    access.compromised(current, new, keep_device_key=context.options.keep_device_key)
    if context.opened is not None:
        context.opened.close()
        context.opened = None
    with closing(context.app.open(target, progress=context.progress)):  # encrypts the file anew
        context.progress.clear()
        context.terminal.say("Everything has new keys; the old password, kit and key files open nothing any more.")
    context.terminal.say(
        "Make a new recovery kit (vault kit) and a new backup: old copies still open with old secrets."
        if context.options.keep_device_key or not access.forgets_device_keys
        else "Make a new recovery kit (vault kit) and a new backup: the keyring has forgotten the former key, so that"
        " backups made before open here with the recovery kit of that time alone."
    )
    return DONE


def accept_keys(context: Context) -> int:
    """After a restored back-up: the older key file counts from now on."""
    _, access, name = _vault(context)
    _require_password(access)
    notice = access.keys_notice()
    if notice is None:
        context.terminal.say("The key file is the one that this computer saw last; there is nothing to accept.")
        return DONE
    if not context.options.yes:
        raise InvalidInputError(notice.text, hint="If you restored a back-up yourself, add --yes; it is put on record.")
    access.unlock(context.asker.password(name))
    _open_for_record(context)
    access.accept_keys()
    context.terminal.say("This computer takes the key file as it is from now on.")
    return DONE


def forget_copies(context: Context) -> int:
    """Older copies beside the vault, and their deletion once the vault itself is proven well."""
    _, access, name = _vault(context)
    _require_password(access)
    options = context.options
    copies = [copy for copy in access.old_copies() if options.set_aside or not copy.set_aside]
    for copy in copies:
        context.terminal.line(str(copy.path))
        context.terminal.say(copy.text)
    if not copies:
        context.terminal.say("There is no copy beside the vault that opens with less than the vault.")
    elif not options.yes:
        context.terminal.say("Nothing was deleted. To delete what is listed, once the vault is verified, add --yes")
    else:
        access.unlock(context.asker.password(name))
        storage = context.services().storage
        access.forget_copies(
            lambda: storage.check(token=context.token, progress=context.progress), set_aside=options.set_aside
        )
        context.progress.clear()
        context.terminal.say("The vault verifies; its older copies are deleted.")
    return DONE


def _open_for_record(context: Context) -> None:
    """Open what the keys belong to, so that its audit log tells of the change. A database that cannot be reached, or a
    vault that does not open, keeps nobody from changing their own password: that is said."""
    try:
        context.services()
    except OperationCancelled:
        raise
    except AetherError as error:
        context.terminal.say(f"This is not put on record in the audit log: {error}")


def _vault(context: Context) -> tuple[Target, VaultAccess, str]:
    target = context.target()
    access = context.app.access(target)
    if access is None:
        raise InvalidInputError("The sample has no keys.", field="vault", hint="Name a vault with --vault PATH")
    return target, access, "your keys" if target.vault is None else str(target.vault)


def _require_password(access: VaultAccess) -> None:
    if access.state is AccessState.OLD:
        raise InvalidInputError("This vault has no password yet.", field="password", hint="Set one: vault password")


def _new_password(context: Context, target: Target, name: str) -> Factor:
    """Of a vault that has one: never the file of the present one."""
    file, known = context.options.new_password_file, _tried(target)
    if file:
        return context.asker.judged(from_file(Path(file)), known=known)
    if not context.asker.can_type:
        raise VaultLockedError(f"{name} needs a new password.", hint="Name a file with it: --new-password-file PATH")
    return context.asker.typed_twice(f"New password of {name}: ", known=known)


def _tried(target: Target) -> tuple[str, ...]:
    """What anybody would try first."""
    return () if target.vault is None else (target.vault.stem,)


def _open_all(context: Context, access: VaultAccess) -> None:
    """Open every level there is."""
    files = factor_files(context)
    for level in access.describe():
        if level.exists and not access.is_open(level.level):
            access.step_up(level.level, level_factor(context, level.level, files))
