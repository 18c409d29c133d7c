import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.package import BuildError, Built, build

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "PingFunction": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"CodeUri": "functions/ping", "Handler": "app.handler"},
        },
        "WordsLayer": {
            "Type": "AWS::Serverless::LayerVersion",
            "Metadata": {"BuildMethod": "makefile"},
            "Properties": {"ContentUri": "layers"},
        },
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
    }
}

MAKEFILE = """\
build-WordsLayer:
	mkdir -p "$(ARTIFACTS_DIR)/python"
	cp words/word.txt "$(ARTIFACTS_DIR)/python/"
	echo "$(AGGREGATOR_BUILD)" > "$(ARTIFACTS_DIR)/python/how.txt"
	echo built >> "$(dir $(firstword $(MAKEFILE_LIST)))../times.txt"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in {
        "functions/ping/app.py": "def handler(event, context): ...\n",
        "functions/ping/__pycache__/app.cpython-311.pyc": "stale",
        "layers/Makefile": MAKEFILE,
        "layers/words/word.txt": "hello",
        "layers/other/word.txt": "unused",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def built(project: Path) -> Built:
    return build(TEMPLATE, "bucket", project.parent / "build", project)


def times_made(project: Path) -> int:
    return len((project / "times.txt").read_text().split())


def test_the_template_names_the_archives_in_the_bucket(project: Path) -> None:
    found = built(project)

    code = found.template["Resources"]["PingFunction"]["Properties"]
    assert code["Handler"] == "app.handler"
    assert code["CodeUri"]["Bucket"] == "bucket"
    assert zipfile.ZipFile(found.archives[code["CodeUri"]["Key"]]).namelist() == ["app.py"]
    assert found.template["Resources"]["Table"] == {"Type": "AWS::DynamoDB::Table", "Properties": {}}


def test_a_layer_is_made_by_its_makefile_for_this_machine(project: Path) -> None:
    layer = built(project).folders["WordsLayer"]

    assert (layer / "python/word.txt").read_text() == "hello"
    assert (layer / "python/how.txt").read_text() == "local\n"


def test_what_did_not_change_is_not_built_again(project: Path) -> None:
    first = built(project)

    second = built(project)

    assert second == first
    assert times_made(project) == 1


def test_who_builds_while_another_does_waits_for_it(project: Path) -> None:
    (project / "layers/Makefile").write_text(MAKEFILE + "\tsleep 0.2\n")

    with ThreadPoolExecutor(4) as builders:
        found = list(builders.map(built, [project] * 4))

    assert times_made(project) == 1
    assert found == [found[0]] * 4
    assert (found[0].folders["WordsLayer"] / "python/word.txt").read_text() == "hello"


def test_a_change_in_a_folder_that_the_recipe_does_not_name_builds_nothing(project: Path) -> None:
    built(project)
    (project / "layers/other/word.txt").write_text("changed")

    built(project)

    assert times_made(project) == 1


def test_a_changed_source_is_built_anew(project: Path) -> None:
    before = built(project)
    (project / "layers/words/word.txt").write_text("changed")

    after = built(project)

    assert (after.folders["WordsLayer"] / "python/word.txt").read_text() == "changed"
    assert (before.folders["WordsLayer"] / "python/word.txt").read_text() == "hello"


def test_old_builds_go_but_for_the_newest_few(project: Path) -> None:
    for text in "abcdef":
        (project / "functions/ping/app.py").write_text(text)
        built(project)

    assert len(list((project.parent / "build").glob("PingFunction-*.zip"))) == 4


def test_a_makefile_that_fails_says_why(project: Path) -> None:
    (project / "layers/Makefile").write_text("build-WordsLayer:\n\t@echo no such word >&2; exit 3\n")

    with pytest.raises(BuildError, match=r"WordsLayer: make failed\n.*no such word"):
        built(project)


def test_a_missing_folder_is_named(project: Path) -> None:
    (project / "functions/ping/app.py").unlink()
    (project / "functions/ping/__pycache__/app.cpython-311.pyc").unlink()
    (project / "functions/ping/__pycache__").rmdir()
    (project / "functions/ping").rmdir()

    with pytest.raises(BuildError, match=r"PingFunction: there is no folder .*functions/ping"):
        built(project)
