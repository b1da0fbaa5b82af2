"""wallet create|restore|import-key|import-keystore|account|reveal|export|forget|show: wallets with a key.

Words, keys and passwords are typed at a terminal without echo, or read from private files; never from an argument or
the environment, which others can see.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aether_desktop.cli.asking import from_file
from aether_desktop.cli.commands.wallets import wallet_facts
from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.courts import Court
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ports.wallet_keys import KEYSTORE_MOST, SeedWords
from aether_desktop.security.private_files import write_new
from aether_desktop.services.own_wallets import OwnWalletService

_ASKED_BACK: Final = 3  # words
_TRIES: Final = 3


def create(context: Context) -> int:
    """The words are on paper, or in a file, before a wallet is made of them."""
    options, own = context.options, _ready(context)
    passphrase = _passphrase(context, new=True)
    seed = SeedWords(own.new_words(options.count).words, passphrase)
    if options.words_file:
        _write_private(Path(options.words_file), seed.words)
        context.terminal.say(f"The words are in {options.words_file}. Whoever has them has the money: put it away.")
    else:
        _show_and_ask_back(context, seed)
    wallet = own.add_from_words(options.name, options.chain, seed)
    return _told(context, wallet, "Made")


def restore(context: Context) -> int:
    options, own = context.options, _ready(context)
    words = _text(context, options.words_file, "The words of the wallet: ", option="words-file")
    if problem := own.problem_with(words):
        raise InvalidInputError(problem, field="words", hint="Compare with the paper.")
    seed = SeedWords(words, _passphrase(context, new=False))
    return _told(context, own.add_from_words(options.name, options.chain, seed, path=options.path), "Restored")


def import_key(context: Context) -> int:
    options, own = context.options, _ready(context)
    key = _text(context, options.private_key_file, "The private key: ", option="private-key-file")
    return _told(context, own.add_from_private_key(options.name, options.chain, key), "Imported")


def import_keystore(context: Context) -> int:
    options, own = context.options, _ready(context)
    file = _read(Path(options.file))
    password = _factor(context, options.keystore_password_file, "Password of the key file: ")
    try:
        wallet = own.add_from_keystore(options.name, options.chain, file, password.secret)
    finally:
        password.wipe()
    return _told(context, wallet, "Imported")


def account(context: Context) -> int:
    options, own = context.options, _ready(context)
    wallet = context.services().wallets.find(options.wallet)
    return _told(context, own.add_account(wallet, options.name, path=options.path), "Added")


def reveal(context: Context) -> int:
    """To standard output and nowhere else."""
    wallet = context.services().wallets.find(context.options.wallet)
    found = with_levels(context, lambda: context.services().own_wallets.reveal(wallet))
    out = context.terminal.exact()
    if found.words is None:
        out.write(f"{found.private_key}\n")
        return DONE
    out.write(f"{found.words.words}\n")
    passphrase = " and with a passphrase, which stands on the next line" if found.words.passphrase else ""
    context.terminal.say(f"The account is at {found.path}{passphrase}.")
    if found.words.passphrase:
        out.write(f"{found.words.passphrase}\n")
    return DONE


def export(context: Context) -> int:
    options, own = context.options, _ready(context)
    wallet = context.services().wallets.find(options.wallet)
    if options.keystore_password_file:
        password = from_file(Path(options.keystore_password_file))
    elif context.asker.can_type:
        password = context.asker.typed_twice("New password of the key file: ")
    else:
        raise _nobody("keystore-password-file")
    file = own.export(wallet, password)
    _write_private(Path(options.file), file.decode("ascii").rstrip("\n"))
    context.terminal.say(f"Wrote the key of {wallet.name} to {options.file}. Its password opens it anywhere.")
    return DONE


def forget(context: Context) -> int:
    """Nothing is opened, so no level is asked for."""
    services = context.services()
    wallet = services.wallets.find(context.options.wallet)
    if not context.options.yes:
        raise InvalidInputError(
            f"Without its words or its key nobody can move what {wallet.name} holds.",
            field="yes",
            hint="If they are kept elsewhere, add --yes; nothing brings them back from here.",
        )
    services.own_wallets.forget(wallet)
    context.terminal.say(f"{wallet.name} is watch-only now.")
    return DONE


def show(context: Context) -> int:
    wallet = context.services().wallets.find(context.options.wallet)
    context.terminal.line(wallet.address)
    out = context.terminal.exact()
    if out.isatty():
        import segno  # noqa: PLC0415 - a tenth of a second that no other command needs

        segno.make(wallet.address, error="m", micro=False).terminal(out, compact=True, border=2)
    return DONE


# -- inside ------------------------------------------------------------------------------------------------------


def _ready(context: Context) -> OwnWalletService:
    """With level 3 open: nobody writes words down that then cannot be kept."""
    services = context.services()
    services.own_wallets.require_active()
    access = services.access
    if access is not None:
        with_levels(context, lambda: access.require(Court.MOST_HOLY))
    return services.own_wallets


def _show_and_ask_back(context: Context, seed: SeedWords) -> None:
    if not context.asker.can_type:
        raise InvalidInputError(
            "Nobody is here to write the words down.",
            field="words_file",
            hint="Name a new file for them: --words-file PATH",
        )
    listed = seed.listed
    say = context.terminal.say
    say("Write these words on paper, in this order. They are shown once; whoever has them has the money.")
    for at, word in enumerate(listed, start=1):
        say(f"{at:2}. {word}")
    asked = sorted(random.SystemRandom().sample(range(len(listed)), _ASKED_BACK))
    for at in asked:
        _ask_back(context.asker.line, at + 1, listed[at])


def _ask_back(line: Callable[[str], str], number: int, word: str) -> None:
    for _ in range(_TRIES):
        if line(f"Word {number} on your paper: ").casefold() == word:
            return
    raise InvalidInputError(
        f"Word {number} is another.", field="words", hint="Nothing was made. Start again, and write the new words down."
    )


def _told(context: Context, wallet: Wallet, verb: str) -> int:
    context.terminal.say(f"{verb} the wallet {wallet.name} on {wallet.chain}: {wallet.address}")
    if context.options.json:
        context.terminal.json(wallet_facts(wallet))
    else:
        context.terminal.line(str(wallet.id))
    return DONE


def _passphrase(context: Context, *, new: bool) -> str:
    """The BIP-39 passphrase, empty unless one is wanted."""
    options = context.options
    if options.passphrase_file:
        return _wiped_text(from_file(Path(options.passphrase_file)))
    if not options.passphrase:
        return ""
    if not context.asker.can_type:
        raise _nobody("passphrase-file")
    prompt = "Passphrase of the words: "
    return _wiped_text(context.asker.typed_twice(prompt) if new else context.asker.typed(prompt))


def _text(context: Context, path: str | None, prompt: str, *, option: str) -> str:
    if path:
        return _wiped_text(from_file(Path(path)))
    if not context.asker.can_type:
        raise _nobody(option)
    return _wiped_text(context.asker.typed(prompt))


def _factor(context: Context, path: str | None, prompt: str) -> Factor:
    if path:
        return from_file(Path(path))
    if not context.asker.can_type:
        raise _nobody("keystore-password-file")
    return context.asker.typed(prompt)


def _wiped_text(factor: Factor) -> str:
    try:
        return factor.secret.decode("utf-8")
    finally:
        factor.wipe()


def _nobody(option: str) -> InvalidInputError:
    return InvalidInputError(
        "Nobody can be asked here.", field=option, hint=f"Name a file of mode 0600: --{option} PATH"
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(KEYSTORE_MOST + 1)
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path}.") from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="file") from error


def _write_private(path: Path, text: str) -> None:
    try:
        write_new(path, text.encode("utf-8") + b"\n")
    except FileExistsError:
        raise AlreadyExistsError(f"{path} is already there.", field="file", hint="Choose another name.") from None
