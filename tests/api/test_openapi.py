"""The OpenAPI document: valid, complete, and its examples are what it says they are."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.app import create_app
from api.proposal import Of, Proposal
from deploy.settings import Settings

METHODS = {"get", "put", "post", "delete"}


@pytest.fixture
def document(settings: Settings) -> dict[str, Any]:
    return create_app(settings).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield path, method, operation


def test_it_is_openapi_31_and_says_who_may_ask(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"bearer": []}]
    public = {
        path for path, _, operation in operations(document) if operation.get("security") == []
    }
    by_link = {path for path in public if path.startswith("/external/{token}")}
    assert public - by_link == {"/livez", "/readyz", "/metrics"}
    assert len(by_link) == 4


def test_every_operation_is_described_and_has_an_id_of_its_own(document: dict[str, Any]) -> None:
    ids = []
    known = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        assert operation["description"], (path, method)
        assert set(operation["tags"]) <= known
        assert operation["x-tandem-door"]
        ids.append(operation["operationId"])
    assert len(ids) == len(set(ids)) > 50


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(ref := node.get("$ref"), str):
                yield ref
            for inner in node.values():
                yield from walk(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from walk(inner)

    found = set(walk(document["paths"])) | set(walk(document["components"]))
    assert found
    for ref in found:
        node: Any = document
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]


def test_what_protected_operations_may_answer_is_said(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if operation.get("security") == []:
            continue
        answers = operation["responses"]
        assert {"401", "403", "404", "422", "503"} <= answers.keys(), path
        if method != "get":
            assert {"409", "413", "428"} <= answers.keys(), path
        for status in ("401", "422"):
            assert list(answers[status]["content"]) == ["application/problem+json"]


def test_headers_that_matter_are_said(document: dict[str, Any]) -> None:
    lift = document["paths"]["/clients/{client}/restrictions/{restriction}/lifting"]["post"]
    told = {parameter["name"]: parameter["required"] for parameter in lift["parameters"]}
    assert told["If-Match"] is True
    assert {"Idempotency-Key", "Tandem-Acting-As", "Tandem-Purpose"} <= told.keys()


def proposals(settings: Settings) -> Iterator[tuple[str, Of]]:
    for route in create_app(settings).routes:
        field = getattr(route, "body_field", None)
        for mark in getattr(getattr(field, "field_info", None), "metadata", ()):
            if isinstance(mark, Of):
                yield getattr(route, "path", ""), mark


def test_examples_are_accepted_by_what_they_are_examples_of(settings: Settings) -> None:
    checked = 0
    for path, mark in proposals(settings):
        adapter: TypeAdapter[Any] = TypeAdapter(mark.annotated())
        for example in mark.examples:
            assert isinstance(adapter.validate_python(example), Proposal), path
            checked += 1
    assert checked >= 8


def test_a_proposal_has_the_fields_of_its_fact_and_no_others(settings: Settings) -> None:
    seen = 0
    for path, mark in proposals(settings):
        adapter: TypeAdapter[Any] = TypeAdapter(mark.annotated())
        assert adapter.json_schema()["properties"].keys() == mark.fields(), path
        with pytest.raises(ValidationError):
            adapter.validate_python({"colour": "blue"})
        seen += 1
    assert seen > 30
