"""Text files that are not in UTF-8, such as spreadsheets export."""

import codecs
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

from features.errors import QuerenciaError

UTF_8 = "utf-8"
_USUAL = (UTF_8, "windows-1252", "latin-1")
"""The last of them can be any bytes."""
_AT_ONCE = 1 << 20


def name(encoding: str) -> str:
    """What an encoding is called here, such as "cp1252" for "windows-1252".

    Raises:
        ValueError: where there is none of that name.
    """
    try:
        codec = codecs.lookup(encoding)
        "".encode(codec.name)
    except LookupError:
        raise ValueError("no such encoding; use utf-8, windows-1252, latin-1 or utf-16") from None
    return codec.name


def likely(path: Path) -> str:
    """How a file is probably written, by what its bytes can be."""
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
    return next(encoding for encoding in _USUAL if _decodes(path, encoding))


def in_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """The file itself where it is in UTF-8, else a copy that is, in a folder; made once.

    Raises:
        QuerenciaError: where it is not in that encoding either.
    """
    if encoding == UTF_8:
        return path
    copy = folder / f"{sha256(bytes(path.resolve())).hexdigest()}.csv"
    if not copy.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with copy.open("w", encoding=UTF_8, newline="") as file:
            file.writelines(_texts(path, encoding))
    return copy


def require(path: Path, encoding: str) -> None:
    """Refuse a file that is not in an encoding.

    Raises:
        QuerenciaError: naming the line.
    """
    for _ in _texts(path, encoding):
        pass


def _decodes(path: Path, encoding: str) -> bool:
    try:
        require(path, encoding)
    except QuerenciaError:
        return False
    return True


def _texts(path: Path, encoding: str) -> Iterator[str]:
    """The file's text, some at a time."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as file:
        for part in iter(partial(file.read, _AT_ONCE), b""):
            try:
                text = decoder.decode(part)
            except UnicodeDecodeError as error:
                read = error.object[: error.start].decode(encoding, "ignore")
                raise _refusal(path, encoding, line + read.count("\n")) from None
            line += text.count("\n")
            yield text


def _refusal(path: Path, encoding: str, line: int) -> QuerenciaError:
    return QuerenciaError(
        f"{path} can't be read: line {line} is not in {encoding}.\n"
        "Save it as CSV in UTF-8, or say in its table in querencia.toml how it is written, "
        'such as encoding = "windows-1252" for Excel in Western Europe.'
    )
