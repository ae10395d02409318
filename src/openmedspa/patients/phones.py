"""A phone number as somebody looks for it: the digits that any spelling of it ends with. Pure, refuses nothing."""

import re

from msgspec import Struct

REGION = "US"  # of numbers without a country's code
LEAST_DIGITS, LOCAL_DIGITS, MOST_DIGITS = 4, 7, 40
_TYPED = re.compile(r"[\s+\d().,/\-\u2010-\u2015]+(?:(?:x|ext\.?|extension|#|;ext=)\s*\d+)?\s*", re.IGNORECASE)
_EXTENSION = re.compile(r"[x#;]|ext", re.IGNORECASE)
_FROM_ABROAD = re.compile(r"^\s*(?:\+|00|011)")


class Digits(Struct, frozen=True):
    """`ends`: what the stored digits end with; `begins`: what they begin with, while somebody is still typing."""

    ends: str
    begins: str

    def near(self) -> list[str]:
        """Whole numbers that may be meant: without the area, with a digit wrong, with two neighbours swapped."""
        ends = self.ends
        if len(ends) < LOCAL_DIGITS:
            return []
        wrong = [ends[:at] + digit + ends[at + 1 :] for at in range(len(ends)) for digit in "0123456789"]
        swapped = [ends[:at] + ends[at + 1] + ends[at] + ends[at + 2 :] for at in range(len(ends) - 1)]
        return [number for number in (ends[-LOCAL_DIGITS:], *wrong, *swapped) if number != ends]


def digits(text: str) -> Digits | None:
    """What to look for; None, when the text is no phone number."""
    text = text.strip().removeprefix("tel:")
    if not _TYPED.fullmatch(text):
        return None
    number = _EXTENSION.split(text, maxsplit=1)[0]
    typed = _plain(number)
    if not LEAST_DIGITS <= len(typed) <= MOST_DIGITS:
        return None
    begins = _plain(_FROM_ABROAD.sub("", number)).lstrip("0")
    if len(typed) > LOCAL_DIGITS or _FROM_ABROAD.match(number):
        begins = begins.removeprefix("1")  # no area of North America begins with it
    return Digits(ends=typed if len(typed) <= LOCAL_DIGITS else _national(number) or typed.lstrip("0"), begins=begins)


def _plain(text: str) -> str:
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


def _national(number: str) -> str | None:
    """The significant digits inside its country; None for what no country's plan could hold."""
    import phonenumbers  # a tenth of a second, which no start should wait for

    try:
        parsed = phonenumbers.parse(re.sub(r"^\s*00", "+", number), REGION)
    except phonenumbers.NumberParseException:
        return None
    return str(parsed.national_number)
