"""Say what to do after a change: the next call of the work it is part of, or how to take it back."""

from __future__ import annotations

from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.write import Change

# Kind of a new object -> the next call.
_AFTER_CREATION = {
    "Campaign": "Next: ads_create_ad_set with campaign_id={id}.",
    "AdSet": "Next: ads_create_ad with ad_set_id={id}.",
    "AdImage": "Next: ads_create_ad_creative with image_hash={id}.",
    "AdVideo": "Next: ads_create_ad_creative with video_id={id}.",
    "AdStudy": "After its end, ads_experiment_abtest_get_test with study_id={id} judges it. Until then "
    "ads_experiment_abtest_update_test ends or deletes it.",
    "CustomAudience": "ads_get_audience_details with audience_id={id} tells when it is ready for ads_create_ad_set.",
}
_PAUSED = "It was created PAUSED: activate it with ads_set_status when all of it is ready."
_DELETE_AGAIN = "ads_undo_change with created=delete deletes it again."
_UNDO = "ads_undo_change puts the earlier values back."
_NO_UNDO = "ads_undo_change cannot take this back; ads_get_changes lists it."


def next_step(change: Change, object_id: str | None, *, can_be_undone: bool) -> str:
    """Return the next step after a change that was carried out."""
    if change.effect is not Effect.CREATE:
        return _UNDO if can_be_undone else _NO_UNDO
    steps = [_AFTER_CREATION[change.node].format(id=object_id)] if object_id and change.node in _AFTER_CREATION else []
    steps += [_PAUSED] if change.after.get("status") == "PAUSED" else []
    return " ".join(steps) or (_DELETE_AGAIN if can_be_undone else _NO_UNDO)
