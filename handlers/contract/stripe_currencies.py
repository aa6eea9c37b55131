"""The currencies that Stripe charges, with their minor units as Stripe defines them."""

from collections.abc import Mapping
from typing import Final

# https://docs.stripe.com/currencies#presentment-currencies The country of an account may allow fewer.
# Currencies with three decimals (BHD, JOD, KWD, OMR, TND) are not on the list.
_CHARGED: Final = frozenset(
    {
        *("AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BIF"),
        *("BMD", "BND", "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP"),
        *("CRC", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL"),
        *("GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "ISK", "JMD"),
        *("JPY", "KES", "KGS", "KHR", "KMF", "KRW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD"),
        *("MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN"),
        *("NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD"),
        *("RUB", "RWF", "SAR", "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SZL", "THB", "TJS"),
        *("TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VND", "VUV", "WST", "XAF"),
        *("XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW"),
    }
)
# https://docs.stripe.com/currencies#zero-decimal has MGA, which has two decimals in ISO 4217.
# https://docs.stripe.com/currencies#special-cases takes UGX from that list, and names ISK: both have two
# decimals that are always 00. HUF and TWD have none in payouts only; they are charged with two.
_WITHOUT_DECIMALS: Final = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
        *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
STRIPE_DECIMALS: Final[Mapping[str, int]] = {
    currency: 0 if currency in _WITHOUT_DECIMALS else 2 for currency in sorted(_CHARGED)
}
"""The decimals of an amount at Stripe, for each currency that it charges."""
