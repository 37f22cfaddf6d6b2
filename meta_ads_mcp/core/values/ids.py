"""Define the argument types of ids: their form, and the kind of Graph node that each names.

Only ASCII digits pass (`[0-9]`, never `\\d`, which accepts other scripts' digits), so an id can neither leave its
path segment nor smuggle a query. Ids stay strings everywhere: they exceed 2**53.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

_ACCOUNT = re.compile(r"(act_)?[0-9]{1,30}")
_OBJECT = re.compile(r"[0-9]{1,30}")
_STORY = re.compile(r"[0-9]{1,30}_[0-9]{1,30}")


@dataclass(frozen=True)
class Node:
    """Name the class of Meta's SDK to which an id belongs; `any` if several fit.

    `or_account` tells that the id of an ad account fits, too.
    """

    name: str
    or_account: bool = False


def account_path(value: str) -> str:
    """Return the path segment `act_123` for `123` or `act_123`."""
    return value if value.startswith("act_") else f"act_{value}"


def _text(value: Any) -> Any:
    """Return an id that was sent as a number as text. A boolean is not an id."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else value


def _account(value: str) -> str:
    if not _ACCOUNT.fullmatch(value):
        raise ValueError("an ad account id is digits, with or without act_ before them")
    return account_path(value)


def _object(value: str) -> str:
    if not _OBJECT.fullmatch(value):
        raise ValueError("an id is digits only")
    return value


def _story(value: str) -> str:
    if not (_STORY.fullmatch(value) or _OBJECT.fullmatch(value)):
        raise ValueError("this id is digits, or digits_digits")
    return value


def _object_or_account(value: str) -> str:
    if _OBJECT.fullmatch(value):
        return value
    if not _ACCOUNT.fullmatch(value):
        raise ValueError("an id is digits, or act_ and digits for an ad account")
    return value


_ACCOUNT_SCHEMA = Field(json_schema_extra={"pattern": "^(act_)?[0-9]+$"})
_OBJECT_SCHEMA = Field(json_schema_extra={"pattern": "^[0-9]+$"})

ObjectId = Annotated[str, BeforeValidator(_text), AfterValidator(_object), _OBJECT_SCHEMA]
AccountId = Annotated[str, BeforeValidator(_text), AfterValidator(_account), _ACCOUNT_SCHEMA, Node("AdAccount")]
CampaignId = Annotated[ObjectId, Node("Campaign")]
AdSetId = Annotated[ObjectId, Node("AdSet")]
AdId = Annotated[ObjectId, Node("Ad")]
CreativeId = Annotated[ObjectId, Node("AdCreative")]
VideoId = Annotated[ObjectId, Node("AdVideo")]
BusinessId = Annotated[ObjectId, Node("Business")]
PixelId = Annotated[ObjectId, Node("AdsPixel")]
AudienceId = Annotated[ObjectId, Node("CustomAudience")]
PersonId = Annotated[ObjectId, Node("BusinessUser")]
CustomConversionId = Annotated[ObjectId, Node("CustomConversion")]
RuleId = Annotated[ObjectId, Node("AdRule")]
ScheduleId = Annotated[ObjectId, Node("HighDemandPeriod")]
LabelId = Annotated[ObjectId, Node("AdLabel")]
StudyId = Annotated[ObjectId, Node("AdStudy")]
LeadFormId = Annotated[ObjectId, Node("LeadgenForm")]
InstagramId = Annotated[ObjectId, Node("IGUser")]
MediaId = Annotated[ObjectId, Node("IGMedia")]
ReportRunId = Annotated[ObjectId, Node("AdReportRun")]
PageId = Annotated[ObjectId, Node("Page")]
UserId = Annotated[ObjectId, Node("User")]
CatalogId = Annotated[ObjectId, Node("ProductCatalog")]
ProductSetId = Annotated[ObjectId, Node("ProductSet")]
ProductFeedId = Annotated[ObjectId, Node("ProductFeed")]
FeedUploadId = Annotated[ObjectId, Node("ProductFeedUpload")]
ValueRuleSetId = Annotated[ObjectId, Node("AdsValueAdjustmentRuleCollection")]
BlockListId = Annotated[ObjectId, Node("PublisherBlockList")]
PredictionId = Annotated[ObjectId, Node("ReachFrequencyPrediction")]
PostId = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_story),
    Field(json_schema_extra={"pattern": "^[0-9]+(_[0-9]+)?$"}),
    Node("PagePost"),
]
# The id of a comment has two or more parts. Source: the `comments` edge.
CommentId = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_story),
    Field(json_schema_extra={"pattern": "^[0-9]+(_[0-9]+)*$"}),
    Node("Comment"),
]
# An ad account (with act_), campaign, ad set or ad.
AnyAdObject = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_object_or_account),
    _ACCOUNT_SCHEMA,
    Field(description="act_<id>, or the id of a campaign, ad set or ad"),
    Node("any", or_account=True),
]
