"""The columns of a bill, as FOCUS 1.2 names and fills them, and a charge as the cells of a row.

Source: FinOps Open Cost and Usage Specification 1.2, https://focus.finops.org/focus-specification/v1-2/
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from aggregator.billing.focus.charges import USAGE, Called, Charge
from aggregator.billing.focus.meters import Metered
from aggregator.billing.money import CURRENCY
from aggregator.billing.statement_csv import as_text

VERSION = "1.2"
"""The newest version that the FinOps Foundation's validator brings along."""

PLATFORM = "AI Aggregator Platform"
SERVICE = "Model Inference"
_TAG_PREFIX = "aggregator/"
_NANO_DIGITS = 9
_COST_DIGITS = 15


class Wallet(NamedTuple):
    """Whose bill it is: a sub account of the deployment, which is the billing account."""

    id: str
    name: str
    kind: str
    environment: str


def cells(charge: Charge, wallet: Wallet) -> list[str]:
    """One row: a cell for each of `COLUMNS`; empty is null."""
    said = _common(charge, wallet) | _priced(charge) | _of_usage(charge)
    return [said.get(name, "") for name in COLUMNS]


COLUMNS = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountStatus",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
)


def decimal(amount: int, digits: int) -> str:
    """`amount` of 10^-digits as a decimal: no exponent, nothing lost, no more places than it needs, but one.

    Whoever guesses a column's type by its first rows would take it for integers without that.
    """
    whole, rest = divmod(abs(amount), 10**digits)
    places = f"{rest:0{digits}d}".rstrip("0") if digits else ""
    return f"{'-' if amount < 0 else ''}{whole}.{places or '0'}"


def _common(charge: Charge, wallet: Wallet) -> dict[str, str]:
    """What every row says."""
    day = date.fromisoformat(charge.day)
    month = day.replace(day=1)
    billed = decimal(charge.billed_nano_usd, _NANO_DIGITS)
    return {
        "BilledCost": billed,
        "EffectiveCost": billed,
        "BillingAccountId": f"aggregator-{wallet.environment}",
        "BillingAccountName": f"{PLATFORM} ({wallet.environment})",
        "BillingCurrency": CURRENCY,
        "PricingCurrency": CURRENCY,
        "PricingCurrencyEffectiveCost": billed,
        "BillingPeriodStart": _begin(month),
        "BillingPeriodEnd": _begin((month + timedelta(days=31)).replace(day=1)),
        "ChargePeriodStart": _begin(day),
        "ChargePeriodEnd": _begin(day + timedelta(days=1)),
        "ChargeCategory": charge.category,
        "ChargeClass": "Correction" if charge.is_correction else "",
        "ChargeDescription": as_text(_description(charge)),
        "ChargeFrequency": "Usage-Based" if charge.category == USAGE else "One-Time",
        "InvoiceId": as_text(f"{charge.day[:7]}-{wallet.id}"),
        "InvoiceIssuerName": PLATFORM,
        "ProviderName": PLATFORM,
        "PublisherName": PLATFORM if charge.called is None else as_text(charge.called.provider),
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": SERVICE,
        "SubAccountId": as_text(wallet.id),
        "SubAccountName": as_text(wallet.name),
        "SubAccountType": wallet.kind,
        "Tags": _json(_tags(charge)),
    }


def _priced(charge: Charge) -> dict[str, str]:
    """Costs and prices; what has no price costs what was billed."""
    metered = charge.metered
    if metered is None:
        billed = decimal(charge.billed_nano_usd, _NANO_DIGITS)
        return {"ListCost": billed, "ContractedCost": billed}
    price, list_price = decimal(metered.price, _NANO_DIGITS), decimal(metered.list_price, _NANO_DIGITS)
    return {
        "ListCost": decimal(metered.list_millionths, _COST_DIGITS),
        "ContractedCost": decimal(metered.millionths, _COST_DIGITS),
        "ListUnitPrice": list_price,
        "PricingCurrencyListUnitPrice": list_price,
        "ContractedUnitPrice": price,
        "PricingCurrencyContractedUnitPrice": price,
        "PricingQuantity": decimal(metered.quantity, len(str(metered.meter.per)) - 1),
        "PricingUnit": metered.meter.pricing_unit,
        "PricingCategory": "Standard",
    }


def _of_usage(charge: Charge) -> dict[str, str]:
    """What was used, and which SKU it is of."""
    called, metered = charge.called, charge.metered
    if called is None or metered is None:
        return {}
    sku = f"{called.provider}/{called.model}/{metered.meter.name}"
    price = [sku, _list_version(called)]
    details: dict[str, str | int] = {"x_PriceVersion": _list_version(called)}
    if called.service_tier:
        price.append(called.service_tier)
        details["x_ServiceTier"] = called.service_tier
    if called.above_input_tokens:
        price.append(f"above {called.above_input_tokens} input tokens")
        details["x_AboveInputTokens"] = called.above_input_tokens
    return {
        "ConsumedQuantity": decimal(charge.consumed, 0),
        "ConsumedUnit": metered.meter.unit,
        "SkuId": as_text(sku),
        "SkuMeter": as_text(metered.meter.name),
        "SkuPriceId": as_text("/".join(price)),
        "SkuPriceDetails": _json(details),
    }


def _list_version(called: Called) -> str:
    """The version of the catalogue's price, without the markup: that is the contracted price's."""
    return called.version.partition("@")[0]


def _description(charge: Charge) -> str:
    if charge.metered is not None and charge.called is not None:
        return f"{charge.metered.meter.name} of {charge.called.model} at {_price_of(charge.metered)}"
    if charge.grant_id and charge.called is not None:
        return f"Credit of grant {charge.grant_id} for {charge.called.model}"
    what = charge.kind.capitalize()
    if charge.refers_to:
        what = f"{what} of {charge.refers_to}"
    return f"{what}: {charge.description}" if charge.description else what


def _price_of(metered: Metered) -> str:
    price = decimal(metered.price, _NANO_DIGITS)
    return f"{price} {CURRENCY} for {metered.meter.pricing_unit if metered.meter.per != 1 else 'each'}"


def _tags(charge: Charge) -> dict[str, str]:
    """The platform's own tags, under its prefix: which key called what, for whom; or which entry it is."""
    called = charge.called
    said: dict[str, str] = {
        "entryId": charge.entry_id,
        "refersTo": charge.refers_to,
        "grantId": charge.grant_id,
    }
    if called is not None:
        said |= {
            "keyId": called.key_id,
            "userId": called.user_id,
            "model": called.model,
            "provider": called.provider,
            "priceVersion": called.version,
            "serviceTier": called.service_tier,
        }
    return {_TAG_PREFIX + name: value for name, value in said.items() if value}


def _json(said: Mapping[str, str | int]) -> str:
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def _begin(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
