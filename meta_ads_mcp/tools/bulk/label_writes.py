"""Make, rename and delete labels, and put them on campaigns, ad sets, ads and creatives, as one unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Method, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import UnitParams
from meta_ads_mcp.core.units.unit_plan import UnchangedObject, UnitPlan, UnitStep, id_of_step
from meta_ads_mcp.core.values.ids import AccountId, LabelId, ObjectId
from meta_ads_mcp.core.write import Change, Inverse
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.labels import Level
from meta_ads_mcp.tools.bulk.object_reads import read_objects_of_kind

Operation = Literal["create", "rename", "delete", "apply", "remove"]
_NODES: Mapping[Level, str] = {"campaign": "Campaign", "ad_set": "AdSet", "ad": "Ad", "creative": "AdCreative"}
# Objects whose labels may change without asking the user.
MAX_UNASKED_OBJECTS = 50
LabelName = Annotated[str, Field(min_length=1, max_length=200)]
# Operation → the arguments that it requires, each group by one of its names.
_REQUIRED: Mapping[Operation, tuple[tuple[str, ...], ...]] = {
    "create": (("names",),),
    "rename": (("label_ids",), ("new_name",)),
    "delete": (("label_ids",),),
    "apply": (("names", "label_ids"), ("level",), ("object_ids",)),
    "remove": (("label_ids",), ("level",), ("object_ids",)),
}


@tool(
    "ads_update_ad_labels",
    Effect.UPDATE,
    node="AdLabel",
    singular="label",
    keywords="tag tags create rename delete apply remove group organize",
    destructive=True,
)
class UpdateAdLabels(UnitParams):
    """Create, rename or delete labels, or add them to and remove them from up to 200 campaigns, ad sets, ads or
    creatives.

    Deleting cannot be undone, and needs a confirmation.
    """

    account_id: AccountId
    operation: Annotated[Operation, Local()]
    names: Annotated[
        list[LabelName] | None,
        Local(),
        Field(min_length=1, max_length=20, description="create: new labels; apply: names, made when missing"),
    ] = None
    label_ids: Annotated[list[LabelId] | None, Local(), Field(min_length=1, max_length=20)] = None
    new_name: Annotated[LabelName | None, Local(), Field(description="rename: of the one label")] = None
    level: Annotated[Level | None, Local()] = None
    object_ids: Annotated[list[ObjectId] | None, Local(), Field(min_length=1, max_length=200)] = None

    @model_validator(mode="after")
    def _check_operation(self) -> Self:
        for group in _REQUIRED[self.operation]:
            if all(getattr(self, name) is None for name in group):
                raise ValueError(f"operation {self.operation} requires {' or '.join(group)}")
        if self.operation == "rename" and len(self.label_ids or ()) != 1:
            raise ValueError("rename takes one label_id")
        return self

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Return the unit. Raises InvalidArguments for a label that the account does not have."""
        labels = await self._labels(call)
        if self.operation == "create":
            return self._create(labels)
        if self.operation == "rename":
            return self._plan([self._rename(labels)])
        if self.operation == "delete":
            return self._plan([self._delete(label, labels) for label in dict.fromkeys(self.label_ids or ())])
        return await self._change_objects(call, labels)

    async def _labels(self, call: Call) -> dict[str, str]:
        """Map the id of each label of the account to its name."""
        labels: dict[str, str] = {}
        async for page in call.graph.each_page(f"{self.account_id}/adlabels", fields=["id", "name"]):
            labels |= {str(row["id"]): str(row.get("name") or "") for row in page}
        unknown = [label for label in self.label_ids or () if label not in labels]
        if unknown:
            raise InvalidArguments(
                f"{self.account_id} has no label {', '.join(unknown)}.", "List its labels with ads_get_ad_labels."
            )
        return labels

    def _plan(self, steps: Sequence[UnitStep], objects: Sequence[UnchangedObject] = ()) -> UnitPlan:
        return UnitPlan(self.account_id, steps, unchanged=objects, max_unasked=MAX_UNASKED_OBJECTS)

    # ---- labels

    def _create(self, labels: Mapping[str, str]) -> UnitPlan:
        ids = {name: label for label, name in labels.items()}
        names = list(dict.fromkeys(self.names or ()))
        existing = [UnchangedObject(ids[name], name) for name in names if name in ids]
        return self._plan([self._new(name) for name in names if name not in ids], existing)

    def _new(self, name: str, item: str | None = None) -> UnitStep:
        change = Change(
            Effect.CREATE,
            self._request("POST", f"{self.account_id}/adlabels", {"name": name}),
            "AdLabel",
            after={"name": name},
            readable=("name",),
            parent=self.account_id,
            edge="adlabels",
            title=name,
            inverse=Inverse("DELETE", "{id}", {}),
        )
        return UnitStep(f"label:{name}", change, item=item)

    def _rename(self, labels: Mapping[str, str]) -> UnitStep:
        label = (self.label_ids or [""])[0]
        change = Change(
            Effect.UPDATE,
            self._request("POST", label, {"name": self.new_name}),
            "AdLabel",
            object_id=label,
            before={"name": labels[label]},
            after={"name": self.new_name},
            readable=("name",),
            title=labels[label],
        )
        return UnitStep(label, change)

    def _delete(self, label: str, labels: Mapping[str, str]) -> UnitStep:
        change = Change(
            Effect.DELETE,
            self._request("DELETE", label, {}),
            "AdLabel",
            object_id=label,
            before={"name": labels[label]},
            title=labels[label],
        )
        return UnitStep(label, change)

    # ---- objects

    async def _change_objects(self, call: Call, labels: Mapping[str, str]) -> UnitPlan:
        level, ids = self.level or "campaign", list(dict.fromkeys(self.object_ids or ()))
        fields = ["id", "account_id", "name", "adlabels{id,name}"]
        rows = await read_objects_of_kind(call, self.account_id, _NODES[level], ids, fields)
        by_name = {name: label for label, name in labels.items()}
        new_names = [name for name in dict.fromkeys(self.names or ()) if name not in by_name]
        targets = dict.fromkeys([*(self.label_ids or ()), *(by_name[n] for n in self.names or () if n in by_name)])
        steps: list[UnitStep] = []
        rest: list[UnchangedObject] = []
        for row in rows:
            step = self._apply(row, level, list(targets), new_names)
            if step is None:
                rest.append(UnchangedObject(row["id"], str(row.get("name") or "")))
            else:
                steps.append(step)
        if self.operation == "apply" and steps:
            steps[:0] = [self._new(name, steps[0].key) for name in new_names]
        return self._plan(steps, rest)

    def _apply(self, row: Row, level: Level, targets: Sequence[str], new_names: Sequence[str]) -> UnitStep | None:
        """Return the step of an object, or None if its labels are as they are to be."""
        now = [str(label["id"]) for label in row.get("adlabels") or ()]
        if self.operation == "remove":
            rest = [label for label in now if label not in targets]
            if rest == now:
                return None
            if level == "ad_set":
                removals = [label for label in now if label in targets]
                request = self._request("DELETE", f"{row['id']}/adlabels", {"adlabels": _references(removals)})
            else:
                request = self._request("POST", row["id"], {"adlabels": _references(rest)})
            return self._step(row, level, request, now, _references(rest))
        more = [label for label in targets if label not in now]
        if not more and not new_names:
            return None
        new = [{"id": id_of_step(f"label:{name}")} for name in new_names]
        labels = [*_references(more), *new]
        request = self._request("POST", f"{row['id']}/adlabels", {"adlabels": labels})
        needs = tuple(f"label:{name}" for name in new_names)
        return self._step(row, level, request, now, [*_references(now), *labels], needs)

    def _step(
        self,
        row: Row,
        level: Level,
        request: Request,
        now: Sequence[str],
        after: list[Row],
        needs: tuple[str, ...] = (),
    ) -> UnitStep:
        change = Change(
            Effect.UPDATE,
            request,
            _NODES[level],
            object_id=row["id"],
            before={"adlabels": _references(now)},
            after={"adlabels": after},
            readable=("adlabels",),
            title=str(row.get("name") or ""),
            validate_only=level != "creative",
        )
        return UnitStep(f"{level}:{row['id']}", change, needs)

    def _request(self, method: Method, path: str, params: Row) -> Request:
        return Request(method, path, params, account=self.account_id, repeatable=False, write=True)


def _references(ids: Sequence[str]) -> list[dict[str, Any]]:
    return [{"id": label} for label in ids]
