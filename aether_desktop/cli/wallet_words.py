"""The words of ``wallet``, ``network`` and ``token``. Imports the standard library only, like ``parser``."""

from __future__ import annotations

from aether_desktop.cli.words import Words, add_factor_file, add_json


def add_wallet_words(words: Words) -> None:
    """``wallet``, ``network`` and ``token``, each with its actions."""
    wallet = words.group("wallet", "add and list wallets")
    add = wallet.add("add", "add a watch-only wallet")
    add.add_argument("--name", required=True)
    add.add_argument("--chain", required=True, help="key, name, coin symbol or EIP-155 id")
    add.add_argument("--address", required=True)
    add.add_argument("--kind", default="native", help="native, token or nft")
    add_json(add)
    add_json(wallet.add("list", "list the wallets"))
    _add_own_wallet_words(wallet)
    _add_network_words(words)
    token = words.group("token", "the coins and tokens, and their decimals")
    add_json(token.add("list", "list coins and tokens"))
    rescale = token.add("rescale", "correct the decimals of a token; every figure shown stays the same")
    rescale.add_argument("token", metavar="TOKEN", help="contract address, symbol or id")
    rescale.add_argument("--decimals", type=int, required=True)


def _add_own_wallet_words(wallet: Words) -> None:
    create = wallet.add("create", "make a wallet with a key of its own; its words are shown once, and some asked back")
    create.add_argument("--count", type=int, default=24, help="how many words: 12, 15, 18, 21 or 24 (default: 24)")
    restore = wallet.add("restore", "restore a wallet from its words (BIP-39), which are asked for at a terminal")
    restore.add_argument("--path", default="", help="the account's derivation path (default: m/44'/60'/0'/0/0)")
    key = wallet.add("import-key", "import a private key, which is asked for at a terminal")
    key.add_argument("--private-key-file", metavar="PATH", help="its 64 digits (mode 0600)")
    keystore = wallet.add("import-keystore", "import a key file of another program (keystore, UTC JSON, version 3)")
    keystore.add_argument("file", metavar="FILE")
    keystore.add_argument("--keystore-password-file", metavar="PATH", help="its password (mode 0600)")
    account = wallet.add("account", "add another account of the words of a wallet")
    account.add_argument("wallet", metavar="N", help="the wallet's name, address or id")
    account.add_argument("--path", default="", help="its derivation path (default: the next that is no wallet yet)")
    for parser in (create, restore):
        parser.add_argument("--words-file", metavar="PATH", help="the words, in one line of a file of mode 0600")
        parser.add_argument("--passphrase", action="store_true", help="ask for a passphrase that belongs to the words")
        parser.add_argument("--passphrase-file", metavar="PATH", help="that passphrase (mode 0600)")
    reveal = wallet.add("reveal", "print the words or the private key; the audit log tells of it")
    export = wallet.add("export", "write a key file for other programs; the audit log tells of it")
    export.add_argument("--file", required=True, metavar="PATH", help="where to write it; never over another file")
    export.add_argument("--keystore-password-file", metavar="PATH", help="its password (mode 0600)")
    forget = wallet.add("forget", "remove a wallet's key from the vault: it is watch-only then")
    forget.add_argument("--yes", action="store_true", help="yes, the words or the key are kept elsewhere")
    show = wallet.add("show", "print a wallet's address, and as a QR code")
    for parser in (reveal, export, forget, show):
        parser.add_argument("wallet", metavar="N", help="the wallet's name, address or id")
    for parser in (create, restore, key, keystore):
        parser.add_argument("--chain", required=True, help="key, name, coin symbol or EIP-155 id")
    for parser in (create, restore, key, keystore, account):
        parser.add_argument("--name", required=True)
        add_json(parser)
    for parser in (create, restore, key, keystore, account, reveal, export):
        add_factor_file(parser)


def _add_network_words(words: Words) -> None:
    network = words.group("network", "EVM networks: where each chain is reached")
    add_json(network.add("list", "list the networks; of endpoints scheme, host and port"))
    put = network.add("set", "enter a network, or change one")
    put.add_argument("chain_id", metavar="CHAINID", type=int, help="its EIP-155 id, which the endpoints must prove")
    put.add_argument("--name")
    put.add_argument("--symbol", help="of its coin, which has 18 decimals")
    put.add_argument(
        "--endpoint",
        action="append",
        metavar="URL",
        help="http:// or https://; several times, in the order in which they are asked; replaces those there are",
    )
    put.add_argument("--confirmations", type=int, metavar="N", help="blocks after which a row is settled")
    put.add_argument("--explorer", metavar="URL", help="a block explorer's address, before /tx/ and /address/")
    add_json(put)
    remove = network.add("remove", "remove a network; a preset is as it was before it was changed")
    check = network.add("check", "ask each endpoint for chain id and latest block; exit code 1 unless all serve")
    for parser in (remove, check):
        parser.add_argument("network", metavar="NETWORK", help="chain id, name or coin symbol")
    add_json(check)
