"""Complete telephone numbers to the form that Meta hashes: all digits, country code first, nothing else.

The steps follow libphonenumber's parser (PhoneNumberUtil.parse), on the data of `countries`.
"""

from __future__ import annotations

import re
import unicodedata

from meta_ads_mcp.domain.normalization.countries import NumberingPlan, numbering_plan, plans_by_code

# E.164: a number has at most 15 digits with its country code. Shorter ones are service numbers.
_DIGITS = range(7, 16)
_EXTENSION = re.compile(
    r"[\s,;./-]*(?:;ext=|extension|extn?|durchwahl|anexo|interno|poste|tel\.?ext|x|#)[\s.:]*\d{1,7}\s*#?\s*$",
    re.IGNORECASE,
)


def complete_number(text: str, country: str = "") -> str:
    """Return the digits of a number with its country code; "" when it is not a whole number of its country.

    `country` (alpha-2, lower case) completes a national number. Without it a number has to start with its country
    code, with or without `+` or `00`. An extension is dropped. A number that a spreadsheet rounded (4.9172E+12) is not
    usable.
    """
    text = _EXTENSION.sub("", re.sub(r"\.0+$", "", text.strip()))
    if re.search(r"\d[eE]\+?\d", text):
        return ""
    digits = "".join(str(unicodedata.decimal(char)) for char in text if unicodedata.category(char) == "Nd")
    if text.lstrip("( \t").startswith(("+", "\uff0b")):
        number = _international(digits)
    else:
        number = _complete_dialing(digits, numbering_plan(country))
    return number if len(number) in _DIGITS else ""


def _complete_dialing(digits: str, plan: NumberingPlan | None) -> str:
    """Complete a number without `+`: with an exit prefix, national, or with the country code in front."""
    if plan is not None:
        exit_prefix = re.match(plan.exit, digits)
        number = _international(digits[exit_prefix.end() :]) if exit_prefix else ""
        number = number or _national(digits, plan)
        if number:
            return number
    if digits.startswith("00"):
        return _international(digits[2:])
    return "" if plan is not None else _international(digits)


def _national(digits: str, plan: NumberingPlan) -> str:
    """Complete a national number, or one that already starts with the code of the country.

    Some numbers can be read in both ways, such as 4915123456789 in Germany. Then a mobile number is preferred, and
    else the number with the code, because that is the form that Meta asks for.
    """
    national = _strip_trunk(digits, plan)
    numbers = [national] if re.fullmatch(plan.pattern, national) else []
    if digits.startswith(plan.code):
        rest = _strip_trunk(digits.removeprefix(plan.code), plan)
        numbers = [rest, *numbers] if re.fullmatch(plan.pattern, rest) else numbers
    if not numbers:
        return ""
    return plan.code + next((number for number in numbers if re.fullmatch(plan.mobile, number)), numbers[0])


def _international(digits: str) -> str:
    """Check a number that starts with a country code, and drop a trunk prefix behind the code, as in +44 (0)20."""
    for size in (1, 2, 3):
        for plan in plans_by_code().get(digits[:size], ()):
            number = _strip_trunk(digits[size:], plan)
            if re.fullmatch(plan.pattern, number):
                return f"{plan.code}{number}"
    return ""


def _strip_trunk(digits: str, plan: NumberingPlan) -> str:
    """Drop the trunk prefix of a national number, unless the rest is not a number of the country."""
    prefix = re.match(plan.trunk, digits) if plan.trunk else None
    if prefix is None:
        return digits
    insertion = prefix.expand(plan.insert) if plan.insert and prefix.lastindex and prefix[prefix.lastindex] else ""
    number = insertion + digits[prefix.end() :]
    was_valid, is_valid = (re.fullmatch(plan.pattern, value) for value in (digits, number))
    if (was_valid and not is_valid) or len(number) not in plan.lengths:
        return digits
    return number
