"""Definitions of well-known exports: which of their columns is which of the input tables.

Each is a TOML file with the same entries as `querencia.toml`, to be named in its place
(`querencia --config olist check`), or to be copied and changed for an export of one's own
(`querencia config --source olist`): `[tables.NAME]` and, where the data says so, `[features]` with
its currency and time zone. Their files are looked for in the current folder.
"""

from importlib import resources
from pathlib import Path

FILES = {
    file.name.removesuffix(".toml"): Path(str(file))
    for file in sorted(resources.files(__name__).iterdir(), key=str)
    if file.name.endswith(".toml")
}
"""The definitions that come with the product, by name."""
