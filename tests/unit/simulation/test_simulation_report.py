"""What the simulation prints, and what it costs out."""

from dataclasses import replace

import pytest

from bench.simulation import quotas
from bench.simulation.__main__ import main
from bench.simulation.parameters import Parameters, explained
from bench.simulation.prices import GATEWAY, LAMBDA_GB_SECOND, managed_instances, month, tiered
from bench.simulation.report import printed, simulate
from local.paths import ROOT

SHORT = Parameters(rate=50, seconds=20, warmup=5)


def test_the_same_seed_gives_the_same_run_and_another_another() -> None:
    first, again, other = simulate(SHORT), simulate(SHORT), simulate(replace(SHORT, seed=2))

    assert first == again
    assert first != other


def test_the_command_line_prints_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--rate", "1000", "--accounts", "1", "--seconds", "20"])

    told = capsys.readouterr().out
    assert code == 0
    assert "not: gateway: throttled" in told
    assert "paying users refused (402)" in told
    assert "held of all money: mean / most" in told
    assert "cost of a million, walk and settle" in told


def test_the_limits_are_printed_first_to_give_way_first(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--limits"])

    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("| limit | there is | at 10/s | at 1,000/s | at 100,000/s |")
    assert rows[2].startswith("| Anthropic, one model, tier 4 ")
    assert any(
        row.startswith("| Lambda, concurrent executions |") and "**2.0 times**" in row and "495/s" in row
        for row in rows
    )


def test_the_document_has_the_tables_that_the_commands_print() -> None:
    document = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")

    assert quotas.table() in document
    assert explained() in document


def test_each_parameter_says_where_its_default_is_from(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--parameters"])

    told = capsys.readouterr().out
    assert "| `--transaction-ms` | 20.0 | assumed |" in told
    assert "| `--batch` | 25 | template.yaml | QueueBatchSize |" in told


def test_an_idle_platform_adds_its_calls_and_nothing_else() -> None:
    figures = simulate(replace(SHORT, rate=1))

    assert figures.served == 1
    assert figures.added_p50_ms == pytest.approx(17.2)
    assert figures.waited_p99_ms == pytest.approx(0, abs=1e-6)


def test_a_million_chats_cost_what_their_parts_cost() -> None:
    figures = simulate(
        replace(SHORT, accounts=1, rate=100, batch=10, pollers=1, provider_sigma=0.0, transaction_ms=0)
    )

    assert figures.usd_per_million["API Gateway"] == 3.50
    assert figures.usd_per_million["bus"] == 1.00
    assert figures.usd_per_million["queue"] == pytest.approx(0.48)
    assert figures.usd_per_million["DynamoDB, billing"] == pytest.approx(0.625 * 3.2, rel=0.02)
    assert figures.usd_per_million["Lambda, chat"] == pytest.approx(0.20 + 6.72, abs=0.1)


def test_tiers_are_charged_each_for_its_part() -> None:
    assert tiered(1e6, GATEWAY) == pytest.approx(3.50)
    assert tiered(1e9, GATEWAY) == pytest.approx(333 * 3.50 + 667 * 2.80)
    assert tiered(10e9, LAMBDA_GB_SECOND) == pytest.approx(7.5e9 * 0.0000133334 + 2.5e9 * 0.00001200006)


def test_managed_instances_are_paid_by_the_vcpu() -> None:
    vcpus, month = managed_instances(concurrency=2000, per_vcpu=16)

    assert vcpus == 250
    assert month == pytest.approx(125 * 0.0816 * 1.15 * 720)


def test_a_month_at_a_thousand_a_second_costs_what_its_requests_cost() -> None:
    parts = month(1000)

    assert parts["API Gateway"] == pytest.approx(6821.9, rel=0.001)  # 2,592 million, in three tiers
    assert parts["Lambda, chat"] == pytest.approx(17_945, rel=0.001)
    assert parts["bus"] == pytest.approx(5184)
    assert parts["logs"] == pytest.approx(975.9, rel=0.001)


def test_a_limit_gives_way_where_all_of_it_is_used() -> None:
    by_name = {each.name: each for each in quotas.limits(Parameters())}

    assert by_name["stage throttle"].gives_way_at() == pytest.approx(500, rel=0.01)
    assert by_name["one account: partition, not split"].gives_way_at() == pytest.approx(324.7, rel=0.01)
    assert by_name["settle, many accounts"].gives_way_at() == pytest.approx(406.5, rel=0.01)
    assert by_name["bus, PutEvents"].gives_way_at() == pytest.approx(9091, rel=0.01)


def test_the_report_names_what_was_not_served() -> None:
    figures = simulate(replace(SHORT, concurrency=20))

    told = printed(figures)

    assert "  not: lambda: throttled" in told
    assert figures.busy_most == 20
