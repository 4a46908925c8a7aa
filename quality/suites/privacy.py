"""What must not be found of a person or a sender: in the texts of the marts, and in the log."""

from quality.suites.suite import Check, Suite, fact

# Short enough to be looked for in every text of the log: the guard of ingestion knows them better.
EMAIL = r"[A-Za-z0-9_%+-]@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}"

# Numbers of enzymes (1.1.1.27) and of chapters begin with one digit: they are no addresses.
WHOLE_ADDRESS = r"(^|[^0-9.])[0-9]{2,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][1-9][0-9]{0,2}($|[^0-9.])"
"""An IPv4 address that is not cut to its /24."""

BROWSER = "Mozilla/"
"""What the user agent of every browser begins with."""

PRIVATE = f"{EMAIL}|{WHOLE_ADDRESS}|{BROWSER}"
"""Any of these, as PostgreSQL and Python both read it."""

SUSPECT = f"array['%@%', '%.%.%.%', '%{BROWSER}%']"
"""What each of these has in it, and hardly any text else: patterns of SQL, quickly looked for."""


def texts_hold_nothing_private(suite: Suite) -> tuple[Check, ...]:
    """Make the check that nothing of a person or a sender has come into the texts of a mart."""
    texts = [name for name, kind in suite.columns.items() if kind == "text"]
    texts += [f"cast({name} as text)" for name, kind in suite.columns.items() if kind == "jsonb"]
    if not texts:
        return ()
    told = f"concat_ws(' ', {', '.join(texts)})"
    return (
        fact(
            "texts_hold_nothing_private",
            f"None of {', '.join(texts)} holds an e-mail address, an IPv4 address that is not cut "
            "to its /24, or the user agent of a browser.",
            broken_when=f"{told} like any ({SUSPECT}) and {told} ~ '{PRIVATE}'",
        ),
    )


def holds_email(text: str) -> str:
    """SQL: whether a text has an e-mail address in it."""
    # The search for one character spares nearly every row the regular expression.
    return f"(strpos({text}, '@') > 0 and {text} ~ '{EMAIL}')"
