"""The one error a person is meant to read."""


class QuerenciaError(Exception):
    """Something the user can mend: the message says what, how often, an example and the remedy.

    The command prints it without a traceback, and exits with code 1.
    """
