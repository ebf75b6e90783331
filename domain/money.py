"""Here lives how amounts of money are kept: whole minor units of one currency (ISO 4217), never fractions."""

from decimal import Decimal

from domain.errors import Refusal

DIGITS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "XAF", "XOF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
USUAL = 2
MOST = 10**15  # minor units of one order or of one bound: sums of many still fit 64 bits
LONGEST = 40  # digits before the point, of what may be counted at all


def digits(currency: str) -> int:
    """How many digits of its major unit a currency has behind the point."""
    return DIGITS.get(currency, USUAL)


def minor(amount: Decimal, currency: str) -> int:
    """Whole minor units; raises Refusal for what has more digits than the currency, or is beyond all measure."""
    exact = amount.scaleb(digits(currency)) if amount.adjusted() < LONGEST else amount
    if exact != exact.to_integral_value() or abs(exact) > MOST:
        raise Refusal("refusals/bad_amount", what=f"{amount}", currency=currency, digits=digits(currency))
    return int(exact)


def major(amount: int, currency: str) -> Decimal:
    """As people write it."""
    return Decimal(amount).scaleb(-digits(currency))
