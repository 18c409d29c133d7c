"""A charge as a row of FOCUS 1.2: every cell, exact decimals, nothing that a spreadsheet would run."""

import pytest

from aggregator.billing.focus.charges import Day
from aggregator.billing.focus.columns import COLUMNS, Wallet, cells, decimal
from aggregator.billing.price import Usage
from tests.unit.billing.focus.month import OCTOBER_31, PRICES, booked, called

ANN = Wallet("ann", "Ann", "User", "dev")


def told(*entries: object) -> list[dict[str, str]]:
    day = Day("2026-11-24", PRICES, lambda _: None)
    for entry in entries:
        day.add(entry)  # type: ignore[arg-type]
    return [
        {name: cell for name, cell in zip(COLUMNS, cells(each, ANN), strict=True) if cell}
        for each in day.charges()
    ]


def test_a_row_of_usage() -> None:
    first, _ = told(called("a", Usage(input_tokens=1_001, output_tokens=1), percent=110, by="bob"))

    assert first == {
        "BilledCost": "0.00033033",
        "BillingAccountId": "aggregator-dev",
        "BillingAccountName": "AI Aggregator Platform (dev)",
        "BillingCurrency": "USD",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z",
        "BillingPeriodStart": "2026-11-01T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeDescription": "Input Tokens of gpt-4o-mini at 0.33 USD for 1000000 Tokens",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": "2026-11-25T00:00:00Z",
        "ChargePeriodStart": "2026-11-24T00:00:00Z",
        "ConsumedQuantity": "1001.0",
        "ConsumedUnit": "Tokens",
        "ContractedCost": "0.00033033",
        "ContractedUnitPrice": "0.33",
        "EffectiveCost": "0.00033033",
        "InvoiceId": "2026-11-ann",
        "InvoiceIssuerName": "AI Aggregator Platform",
        "ListCost": "0.0003003",
        "ListUnitPrice": "0.3",
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "PricingCurrencyContractedUnitPrice": "0.33",
        "PricingCurrencyEffectiveCost": "0.00033033",
        "PricingCurrencyListUnitPrice": "0.3",
        "PricingQuantity": "0.001001",
        "PricingUnit": "1000000 Tokens",
        "ProviderName": "AI Aggregator Platform",
        "PublisherName": "openai",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Model Inference",
        "ServiceSubcategory": "Generative AI",
        "SkuId": "openai/gpt-4o-mini/Input Tokens",
        "SkuMeter": "Input Tokens",
        "SkuPriceDetails": '{"x_PriceVersion":"7","x_AboveInputTokens":1000}',
        "SkuPriceId": "openai/gpt-4o-mini/Input Tokens/7/above 1000 input tokens",
        "SubAccountId": "ann",
        "SubAccountName": "Ann",
        "SubAccountType": "User",
        "Tags": '{"aggregator/keyId":"k1","aggregator/userId":"bob","aggregator/model":"gpt-4o-mini",'
        '"aggregator/provider":"openai","aggregator/priceVersion":"7@110%"}',
    }


def test_a_row_of_a_refund_of_an_earlier_month() -> None:
    charge = called("a", Usage(input_tokens=10, output_tokens=5), at=OCTOBER_31)

    (row,) = told(booked("b", "refund", 2_000, refunded=charge, description="it was ours"))

    assert {name: row[name] for name in row if "Account" not in name and "Name" not in name} == {
        "BilledCost": "-0.000002",
        "BillingCurrency": "USD",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z",
        "BillingPeriodStart": "2026-11-01T00:00:00Z",
        "ChargeCategory": "Adjustment",
        "ChargeClass": "Correction",
        "ChargeDescription": "Refund of 01a19466fda0-a: it was ours",
        "ChargeFrequency": "One-Time",
        "ChargePeriodEnd": "2026-11-25T00:00:00Z",
        "ChargePeriodStart": "2026-11-24T00:00:00Z",
        "ContractedCost": "-0.000002",
        "EffectiveCost": "-0.000002",
        "InvoiceId": "2026-11-ann",
        "ListCost": "-0.000002",
        "PricingCurrency": "USD",
        "PricingCurrencyEffectiveCost": "-0.000002",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "Tags": '{"aggregator/entryId":"01a20aee5040-b","aggregator/refersTo":"01a19466fda0-a"}',
    }


def test_a_cost_is_exact_below_the_nano_dollar_while_what_is_billed_is_not() -> None:
    (row,) = told(called("a", Usage(input_tokens=1, service_tier="flex"), percent=101))

    # 75.75 nano-dollars at the marked-up price
    assert (row["BilledCost"], row["ContractedCost"], row["ListCost"]) == (
        "0.000000076",
        "0.00000007575",
        "0.000000075",
    )


def test_a_model_that_looks_like_a_formula_stays_text() -> None:
    entry = called("a", Usage(input_tokens=10))
    assert entry.usage is not None

    (row,) = told(
        entry.__class__(
            entry.id, entry.user_id, "usage", "", entry.postings, usage={**entry.usage, "provider": "=1+1"}
        )
    )

    assert row["PublisherName"] == "'=1+1"


@pytest.mark.parametrize(
    ("amount", "digits", "text"),
    [
        (0, 9, "0.0"),
        (1, 9, "0.000000001"),
        (-1, 9, "-0.000000001"),
        (1_500_000_000, 9, "1.5"),
        (12, 0, "12.0"),
        (10**24 + 1, 15, "1000000000.000000000000001"),
    ],
)
def test_decimals_are_exact_and_always_have_a_point(amount: int, digits: int, text: str) -> None:
    assert decimal(amount, digits) == text
