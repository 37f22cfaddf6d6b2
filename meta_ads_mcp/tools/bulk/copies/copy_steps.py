"""Build the steps that create a copied campaign in the target account, media first, everything PAUSED."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnitStep, id_of_step
from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.copying import MONEY_FIELDS, is_set, require_copyable, writable_ad_set, writable_creative
from meta_ads_mcp.domain.preflight import with_advantage_audience
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.bulk.copies.copy_rules import CopyRules
from meta_ads_mcp.tools.bulk.copies.source_tree import SourceTree, creative_of

# What a new campaign gets of the old one. The rest is state, or does not travel.
_CAMPAIGN_FIELDS = (
    *("name", "objective", "special_ad_categories", "special_ad_category_country", "daily_budget", "lifetime_budget"),
    *("bid_strategy", "buying_type", "is_adset_budget_sharing_enabled", "promoted_object", "spend_cap", "stop_time"),
    *("pacing_type", "is_skadnetwork_attribution", "frequency_control_specs"),
)
_CAMPAIGN_MONEY = ("daily_budget", "lifetime_budget", "spend_cap")
_AD_FIELDS = ("name", "tracking_specs", "conversion_domain")
# Labels, value rules and other objects of the source account.
NOT_COPIED = ("adlabels", "value_rule_set_id", "value_rules_applied")
# Tracking of posts: Graph sets it for a new ad by itself.
_POST_KEYS = frozenset(
    {"post", "page", "post.wall", "post.object", "post.object.wall", "leadgen", "creative", "dataset"}
)
_EDGES = {"Campaign": "campaigns", "AdSet": "adsets", "AdCreative": "adcreatives", "Ad": "ads"}
_EDGES |= {"AdImage": "adimages", "AdVideo": "advideos"}


@dataclass
class CopySteps:
    """Build the steps. `start` is the start that the user gives to all ad sets, in ISO 8601."""

    tree: SourceTree
    rules: CopyRules
    suffix: str
    now: datetime
    start: str | None = None
    steps: list[UnitStep] = field(default_factory=list)
    refused_rows: list[RefusedRow] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    _creatives: dict[str, tuple[Row, Row] | str] = field(default_factory=dict)

    def build(self) -> None:
        """Fill `steps`, `refused_rows` and `notes`, and the decisions and amounts of the rules. Raises AdsError."""
        self._add("campaign", "Campaign", *self._campaign(), ())
        for ad_set in self.tree.ad_sets:
            self._add_ad_set(ad_set)
        self._add_media()

    # ---- objects

    def _campaign(self) -> tuple[Row, Row]:
        """Return the parameters of the new campaign, and those that would make the old one again."""
        source = self.tree.campaign
        where = f"campaign {source.get('name')}"
        params: Row = {name: source[name] for name in _CAMPAIGN_FIELDS if is_set(source.get(name))}
        has_budget = {"daily_budget", "lifetime_budget"} & params.keys()
        if has_budget:
            params.pop("is_adset_budget_sharing_enabled", None)
        else:
            params.pop("bid_strategy", None)
            params["is_adset_budget_sharing_enabled"] = bool(source.get("is_adset_budget_sharing_enabled"))
        if not _is_after(params.get("stop_time"), self.now):
            params.pop("stop_time", None)
        params = {"special_ad_categories": [], **params, **self._name(source)}
        return self.rules.rewrite(self.rules.convert(params, _CAMPAIGN_MONEY, where), where), params

    def _name(self, source: Row) -> Row:
        return {"name": f"{source.get('name')}{self.suffix}", "status": "PAUSED"}

    def _add_ad_set(self, ad_set: Row) -> None:
        key, where = f"ad_set:{ad_set['id']}", f"ad set {ad_set.get('name')}"
        try:
            params, original = self._ad_set(ad_set, where)
        except AdsError as problem:
            self._refuse(ad_set, problem.message)
            for ad in self.tree.ads_of(ad_set):
                self._refuse(ad, f"it needs ad set {ad_set['id']}")
            return
        self._add(key, "AdSet", params, original, ("campaign",))
        for ad in self.tree.ads_of(ad_set):
            self._add_ad(ad, key)

    def _ad_set(self, ad_set: Row, where: str) -> tuple[Row, Row]:
        require_copyable("AdSet", ad_set)
        params = writable_ad_set(ad_set, self.now)
        for name in (*NOT_COPIED, "campaign_id"):
            params.pop(name, None)
        if params.get("end_time") and not _is_after(params["end_time"], self.now):
            raise InvalidArguments(f"{where} is over since {params['end_time']}.", "Extend it first, or leave it out.")
        if self.start is not None:
            params["start_time"] = self.start
        if params.get("adset_schedule") and self.rules.source.timezone_name != self.rules.target.timezone_name:
            self.notes[
                f"The hours of the schedules stay as they are written: {self.rules.source.timezone_name} there, "
                f"{self.rules.target.timezone_name} here."
            ] = None
        params |= {"targeting": with_advantage_audience(params.get("targeting") or {}), **self._name(ad_set)}
        new = {**params, "targeting": self.rules.move_places(params["targeting"], where)}
        new = self.rules.rewrite(self.rules.convert(new, MONEY_FIELDS, where), where)
        return {**new, "campaign_id": id_of_step("campaign")}, params

    def _add_ad(self, ad: Row, ad_set_key: str) -> None:
        where, creative = f"ad {ad.get('name')}", creative_of(ad)
        copy = self._creative(creative, where)
        if isinstance(copy, str):
            self._refuse(ad, copy)
            return
        key, creative_key = f"ad:{ad['id']}", f"creative:{creative}"
        if all(step.key != creative_key for step in self.steps):
            media = [text for text in _step_keys(copy[0]) if text.startswith(("image:", "video:"))]
            self._add(creative_key, "AdCreative", *copy, media, item=key)
        params: Row = {name: ad[name] for name in _AD_FIELDS if is_set(ad.get(name))}
        params["tracking_specs"] = self._tracking(params.get("tracking_specs"))
        original = {name: value for name, value in params.items() if value} | self._name(ad)
        params = {**self.rules.rewrite(original, where), "adset_id": id_of_step(ad_set_key)}
        after = {**params, "creative": id_of_step(creative_key)}
        body = {**params, "creative": {"creative_id": id_of_step(creative_key)}}
        self._add(key, "Ad", body, original, (ad_set_key, creative_key), after=after)

    def _creative(self, creative: str, where: str) -> tuple[Row, Row] | str:
        """Return the parameters of a copied creative and of the old one, or why it cannot be copied."""
        if creative not in self._creatives:
            self._creatives[creative] = self._copied_creative(creative, where)
        return self._creatives[creative]

    def _copied_creative(self, creative: str, where: str) -> tuple[Row, Row] | str:
        source = self.tree.creatives.get(creative)
        if not isinstance(source, Mapping):
            return f"this token cannot read its creative {creative}"
        try:
            require_copyable("AdCreative", source)
        except InvalidArguments as problem:
            return problem.message.rstrip(".")
        params = writable_creative(source)
        for name in NOT_COPIED:
            params.pop(name, None)
        if not {"object_story_spec", "asset_feed_spec", "object_story_id", "source_instagram_media_id"} & params.keys():
            return f"its creative {creative} has no specification that can be read"
        if "object_story_id" in params:
            self.rules.keep_post(str(params["object_story_id"]), where)
        return self.rules.rewrite(params, where), params

    def _tracking(self, specs: Any) -> list[Row]:
        """Return the tracking specs without those that Graph derives from the post of an ad."""
        rows = [row for row in specs or () if isinstance(row, Mapping)]
        return [dict(row) for row in rows if not _POST_KEYS & row.keys()]

    # ---- media

    def _add_media(self) -> None:
        """Add the steps that copy the images and upload the videos, before the others."""
        users: dict[str, str] = {}
        for step in self.steps:
            for key in step.needs:
                users.setdefault(key, step.item or step.key)
        media = [key for key in users if key.startswith(("image:", "video:"))]
        creatives, self.steps = self.steps, []
        for key in media:
            kind, _, value = key.partition(":")
            node, params = self._image(value) if kind == "image" else self._video(value)
            self._add(key, node, params, {}, (), item=users[key])
        self.steps += creatives

    def _image(self, image_hash: str) -> tuple[str, Row]:
        source = self.tree.account_id.removeprefix("act_")
        return "AdImage", {"copy_from": {"source_account_id": source, "hash": image_hash}}

    def _video(self, video: str) -> tuple[str, Row]:
        row = self.rules.videos[video]
        title = str(row.get("title") or f"Video {video}")[:254]
        return "AdVideo", {"file_url": row["source"], "title": title}

    # ---- steps

    def _add(
        self,
        key: str,
        node: str,
        params: Row,
        original: Row,
        needs: Sequence[str],
        *,
        item: str | None = None,
        after: Row | None = None,
    ) -> None:
        account, is_media = self.rules.target.id, node in ("AdImage", "AdVideo")
        values = {"title": params["title"]} if node == "AdVideo" else after or params
        request = Request(
            "POST",
            f"{account}/{_EDGES[node]}",
            params,
            account=account,
            # The copy of an image is the same image, however often it is copied.
            repeatable=node == "AdImage",
            write=True,
            patience="upload" if node == "AdVideo" else "normal",
        )
        change = Change(
            Effect.CREATE,
            request,
            node,
            # Amounts of the other currency are not those that this account had.
            before={name: value for name, value in original.items() if name not in SPEND_FIELDS},
            after=values,
            readable=() if is_media else tuple(values),
            parent=account,
            edge=_EDGES[node],
            validate_only=not is_media,
            title=str(values.get("name") or values.get("title") or ""),
        )
        copy_of = key.partition(":")[2] or str(self.tree.campaign["id"])
        self.steps.append(UnitStep(key, change, tuple(dict.fromkeys(needs)), item, copy_of=copy_of))

    def _refuse(self, row: Row, reason: str) -> None:
        self.refused_rows.append(RefusedRow(reason, id=str(row["id"]), name=str(row.get("name") or "")))


def _is_after(time: Any, now: datetime) -> bool:
    seconds = unix_seconds(time)
    return seconds is not None and seconds > now.timestamp()


def _step_keys(value: Any) -> list[str]:
    """Return the keys of the steps to which a value refers."""
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)) == "$id_of_step":
            return [str(next(iter(value.values())))]
        return [key for item in value.values() for key in _step_keys(item)]
    return [key for item in value for key in _step_keys(item)] if isinstance(value, list) else []
