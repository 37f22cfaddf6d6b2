"""The part of the tour with the SDK that uploads and that sends batches."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adimage import AdImage
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.campaign import Campaign

from tests.support.sandbox_writes import PNG
from tests.support.sdk_client import Tour

from .test_writes_refused import CAMPAIGN


def uploads(tour: Tour, folder: Path) -> None:
    account = tour.writing.names["account"]
    store = tour.server.transport.world.store
    film = folder / "film.mp4"
    film.write_bytes(hashlib.sha256(b"film").digest() * 90_000 + b"\r\n")
    picture = folder / "picture.png"
    picture.write_bytes(base64.b64decode(PNG))

    def video() -> None:
        made = AdVideo(parent_id=account, api=tour.api)
        made[AdVideo.Field.filepath] = str(film)
        made.remote_create()
        assert store.nodes[made["id"]].type == "AdVideo"
        sent = [item for item in tour.server.transport.log if item.files and item.path.endswith("/advideos")]
        assert b"".join(item.files[0].content for item in sent) == film.read_bytes()
        assert len(sent) == 3

    def image() -> None:
        made = AdImage(parent_id=account, api=tour.api)
        made[AdImage.Field.filename] = str(picture)
        made.remote_create()
        assert made["hash"] == hashlib.md5(picture.read_bytes(), usedforsecurity=False).hexdigest()

    tour.step("AdVideo.remote_create in pieces", video)
    tour.step("AdImage.remote_create", image)


def batches(tour: Tour, folder: Path) -> None:
    account = AdAccount(tour.writing.names["account"], api=tour.api)
    picture = folder / "picture.png"
    answers: list[tuple[bool, Any]] = []

    def succeeded(response: Any) -> None:
        answers.append((True, response.json()))

    def failed(response: Any) -> None:
        answers.append((False, response.error().api_error_code()))

    def mixed() -> None:
        batch = tour.api.new_batch()
        account.api_get(fields=["name"], batch=batch, success=succeeded, failure=failed)
        account.get_campaigns(fields=["name"], params={"limit": 2}, batch=batch, success=succeeded, failure=failed)
        account.create_campaign(params=CAMPAIGN, batch=batch, success=succeeded, failure=failed)
        account.create_campaign(params={"name": "No objective"}, batch=batch, success=succeeded, failure=failed)
        Campaign("1", api=tour.api).api_get(batch=batch, success=succeeded, failure=failed)
        assert batch.execute() is None
        assert [good for good, _ in answers] == [True, True, True, False, False]
        assert answers[0][1]["name"]
        assert len(answers[1][1]["data"]) == 2
        assert answers[2][1]["id"] in tour.server.transport.world.store.nodes

    def with_file() -> None:
        answers.clear()
        batch = tour.api.new_batch()
        path = (account["id"], "adimages")
        with picture.open("rb") as content:
            batch.add("POST", path, files={"picture.png": content}, success=succeeded, failure=failed)
            assert batch.execute() is None
        assert [good for good, _ in answers] == [True]

    tour.step("batch of reads, writes and refusals", mixed)
    tour.step("batch with a file", with_file)
