"""Templates: those of a package, and those that all pages share."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

SHARED = "serving"
"""The package whose templates all pages share: styles, macros, the sections of the report."""


def environment(package: str) -> Environment:
    """The templates of a package, beside the shared ones."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
