"""What PostgreSQL says no with: whether its guards would say so again, and in which words. It raises nothing."""

import re
from typing import Final

import psycopg

_QUOTED: Final = re.compile(r'".*"', re.DOTALL)


def words_of(error: psycopg.Error) -> str:
    """What PostgreSQL says first, without the values that it quotes: they may be a buyer's."""
    own = str(error) if "NUL" in str(error) else type(error).__name__  # psycopg's own, of a sign no text may have
    words = error.diag.message_primary or own
    return _QUOTED.sub("…", words) if isinstance(error, psycopg.DataError) else words


def is_no(error: psycopg.Error) -> bool:
    """Whether the database's own guards say no, and would say so again.

    So does class 54, what is beyond PostgreSQL's limits, which psycopg counts among what passes
    (https://www.postgresql.org/docs/current/errcodes-appendix.html).
    """
    return isinstance(error, psycopg.IntegrityError | psycopg.DataError) or (error.sqlstate or "").startswith("54")
