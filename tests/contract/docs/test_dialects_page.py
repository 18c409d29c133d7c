"""docs/dialects.md is what the code says."""

from local.dialects_page import PAGE, page


def test_the_page_of_dialects_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_has_a_row_for_what_is_changed_and_for_what_is_refused() -> None:
    said = page()

    assert "| `store` | false: what a provider keeps is the platform's account's, so all users' |" in said
    assert "| `speed` | priced | `standard` | only 'standard' is offered here |" in said
