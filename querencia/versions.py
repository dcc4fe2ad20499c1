"""How the history of versions is shown on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from querencia.phrases import say
from querencia.shows import grid, line
from serving import words
from serving.settings import Settings
from training.history import Entry


def show(console: Console, entries: Sequence[Entry], settings: Settings) -> None:
    """What became of each version, why, and at whose wish."""
    language = settings.language
    if not entries:
        line(console, say("no_history", language))
        return
    table = grid(say("at", language), title=say("of_versions", language))
    for name in ("of_version", "became", "asked_by"):
        table.add_column(say(name, language), no_wrap=True)
    table.add_column(say("why", language), ratio=1)
    for entry in entries:
        why = " ".join(words.finding(each, language) for each in entry.findings)
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M}",
            str(entry.version),
            say(f"was_{entry.what}", language),
            escape(f"{entry.by} ({entry.user})"),
            escape(why),
        )
    console.print(table)
