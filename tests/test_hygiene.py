"""The files that a visitor of a public repository expects: they can be read, and they agree."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from nnlab import data, pretrained

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
FORMS = sorted(
    path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"
)
#: What others made is loaded by these: their docstrings name its licence.
LOADERS = {
    f"{module.__name__}.{name}": str(getattr(module, name).__doc__)
    for module in (data, pretrained)
    for name in module.__all__
    if callable(getattr(module, name)) and "licence" in str(getattr(module, name).__doc__).lower()
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def notice() -> dict[str, str]:
    """The sections of NOTICE, by each loader that a heading names."""
    parts = re.split(r"^(nnlab\.[^\n]+)\n-+$", read("NOTICE"), flags=re.MULTILINE)[1:]
    return {
        loader: text
        for heading, text in zip(parts[::2], parts[1::2])
        for loader in re.findall(r"nnlab\.\w+\.\w+", heading)
    }


def test_the_citation_names_the_version_that_is_installed() -> None:
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"] and citation["title"] and citation["abstract"]
    assert (citation["type"], citation["license"]) == ("software", "MIT")
    assert [set(author) for author in citation["authors"]] == [{"name"}]  # an entity, no person
    try:
        installed = importlib.metadata.version("training-neural-networks")
    except importlib.metadata.PackageNotFoundError:
        pytest.fail("training-neural-networks is not installed: run make test")
    assert str(citation["version"]) == installed, (
        "CITATION.cff and the package differ; after a change of the version: "
        "pip install --constraint constraints.txt --editable ."
    )


def test_notice_has_a_section_for_each_loader_of_what_others_made() -> None:
    sections = notice()
    assert len(LOADERS) >= 5
    assert set(sections) == set(LOADERS)
    for loader, text in sections.items():
        for field in ("Package:", "Use:"):
            assert field in text, f"{loader}: NOTICE has no {field}"


def test_notice_and_docstrings_agree_on_licences() -> None:
    said = {  # "Licence: Apache 2.0."; photographs have one each, and say so in other words
        loader: found[1].replace("-", " ")
        for loader, text in LOADERS.items()
        if (found := re.search(r"Licence: ((?:CC|Apache)[A-Z -]* \d\.\d)\.$", text, re.MULTILINE))
    }
    assert set(said) >= {"nnlab.data.digits", "nnlab.data.mnist_5k", "nnlab.pretrained.load"}
    for loader, licence in said.items():
        (line,) = re.findall(r"^Licence: (.*)", notice()[loader], re.MULTILINE)
        assert line.replace("-", " ").startswith(licence), loader


def test_whose_data_has_a_source_has_a_licence() -> None:
    for name in data.__all__:
        if callable(getattr(data, name)):
            text = str(getattr(data, name).__doc__).lower()
            assert "source" not in text or "licence" in text, f"nnlab.data.{name}"


def test_notice_names_every_photograph() -> None:
    text = notice()["nnlab.data.photograph"]
    assert [name for name in data.PHOTOGRAPHS if name not in text] == []


def test_the_licence_of_the_prose_is_named_where_readers_look() -> None:
    text = read("LICENSE-PROSE.md")
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text
    assert "CC-BY-4.0" in text and "](LICENSE)" in text and "](NOTICE)" in text
    assert "LICENSE-PROSE.md" in read("README.md"), "the README does not say what is under which"


def test_reports_go_to_a_place_that_exists() -> None:
    for name in ("SECURITY.md", "CODE_OF_CONDUCT.md"):
        text = read(name)
        assert "*Report a vulnerability*" in text
        assert not re.search(r"\w@\w", text), f"{name} names an address: does anybody read it?"
    assert "](docs/security.md)" in read("SECURITY.md")
    assert "`autograder doctor`" in read("SECURITY.md")


def test_the_workflow_runs_what_everybody_runs_and_may_only_read() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML 1.1 reads the key "on" as true
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["timeout-minutes"] == 60
    assert "bash .ci/run" in [step.get("run") for step in job["steps"]]
    assert "make test" in read(".ci/run")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_github_takes(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    assert "Never paste" in form["body"][0]["attributes"]["value"]
    fields: list[dict[str, Any]] = form["body"][1:]
    for field in fields:
        assert field["type"] in ("input", "textarea", "dropdown", "checkboxes")
        assert field["attributes"]["label"]
    for values in ([f["id"] for f in fields], [f["attributes"]["label"] for f in fields]):
        assert len(values) == len(set(values))


def test_the_issue_forms_ask_for_what_is_needed() -> None:
    labels = {path.stem: path.read_text(encoding="utf-8") for path in FORMS}
    assert set(labels) == {"a_task_or_its_test", "grader"}
    for word in ("Notebook", "Task", "What was submitted", "What it said", "What you expected"):
        assert f"label: {word}" in labels["a_task_or_its_test"]
    for word in ("Output of autograder doctor", "Command", "What happened"):
        assert f"label: {word}" in labels["grader"]
    config = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "config.yml").read_text(encoding="utf-8"))
    assert isinstance(config["blank_issues_enabled"], bool)


def test_the_pull_request_template_names_the_checks() -> None:
    text = (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")
    for word in ("`make test`", "`autograder prove NAME`", "`CHANGELOG.md`"):
        assert word in text


def test_the_development_container_makes_a_target_that_exists() -> None:
    container = json.loads(read(".devcontainer/devcontainer.json"))
    (target,) = re.findall(r"\bmake (\S+)", container["postCreateCommand"])
    assert f"\n{target.replace('.venv', '$(VENV)')}:" in read("Makefile")
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
