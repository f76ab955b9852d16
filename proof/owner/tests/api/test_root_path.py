"""Behind a proxy that strips a prefix from paths."""

from __future__ import annotations

import re

import pytest

from app.core.settings import Settings
from tests.client import Client
from tests.logs import logged
from tests.settings import make_settings

ITEMS = "/api/v1/items"


@pytest.fixture(params=["/shop", "/api", "/a/b-1.2"])
def root_path(request: pytest.FixtureRequest) -> str:
    """Return the prefix; one is the beginning of the service's own paths."""
    path: str = request.param
    return path


@pytest.fixture
def settings(migrated_url: str, root_path: str) -> Settings:
    limits = {"enabled": False}
    return make_settings(migrated_url, rate_limit=limits, root_path=f"{root_path}/")


def stripped(path: str, prefix: str) -> str:
    """Return what the proxy makes of a path."""
    assert path.startswith(f"{prefix}/")
    return path.removeprefix(prefix)


async def test_location_has_the_prefix(alice: Client, root_path: str) -> None:
    created = await alice.post(ITEMS, json={"name": "chair"})
    assert created.status_code == 201
    location = created.headers["location"]
    assert location == f"{root_path}{ITEMS}/{created.json()['id']}"
    found = await alice.get(stripped(location, root_path))
    assert found.json() == created.json()


async def test_the_page_finds_its_assets_and_the_document(
    client: Client, root_path: str
) -> None:
    page = await client.get("/docs")
    sources = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(sources) == 3
    for source in sources:
        asset = await client.get(stripped(source, root_path))
        assert asset.status_code == 200
    script = await client.get("/docs/init.js")
    (url,) = re.findall(r'^  url: "(.+)",$', script.text, re.MULTILINE)
    document = await client.get(stripped(url, root_path))
    assert document.json()["servers"] == [{"url": root_path}]


async def test_the_service_answers_as_without_it(
    alice: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    response = await alice.put(ITEMS)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    listed = await alice.head(ITEMS)
    assert listed.status_code == 200
    assert [event["route"] for event in logged(capsys)][-1] == ITEMS


async def test_the_prefix_itself_is_no_path_of_the_service(
    client: Client, root_path: str
) -> None:
    response = await client.get(f"{root_path}/health/live")
    assert response.status_code == 404
