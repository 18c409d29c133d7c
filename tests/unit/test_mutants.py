"""The list of mutants follows the code. What becomes of each, `make mutants` says."""

from pathlib import Path

import pytest

from tests.mutants.every import MUTANTS
from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.name for each in MUTANTS])
def test_what_a_mutant_changes_is_there_once(mutant: Mutant) -> None:
    source = mutant.path(ROOT).read_text(encoding="utf-8")

    mutated = mutant.applied_to(source)

    assert mutated != source
    compile(mutated, mutant.file, "exec")
    assert [test for test in mutant.tests if not (ROOT / test).exists()] == []


def test_there_are_some_sixty_and_no_two_are_alike() -> None:
    assert len(MUTANTS) >= 60
    assert len({each.name for each in MUTANTS}) == len(MUTANTS)
    assert len({(each.file, each.old, each.new) for each in MUTANTS}) == len(MUTANTS)
