"""Parts of make_packages.py. Run in .venv-package, on the standard library and what is frozen anyway."""
