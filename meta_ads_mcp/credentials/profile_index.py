"""The names of the stored profiles and what is known of their tokens, in a file that holds no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.private_files import replace_private
from meta_ads_mcp.errors import TokenProblem

FILE = "profiles.json"
VERSION = 1


@dataclass(frozen=True)
class ProfileRecord:
    """What is known of a profile's token. Times are Unix seconds; `expires_at` 0 is never, None is unknown."""

    masked: str
    kind: str = ""
    holder: str = ""
    app_id: str | None = None
    expires_at: int | None = None
    data_access_expires_at: int | None = None
    scopes: tuple[str, ...] = ()
    business_id: str | None = None
    stored_at: int = 0
    # keyring, or file for one that the user wants in a private file.
    place: str = "keyring"


@dataclass(frozen=True)
class StoredProfiles:
    """The file's content. `active` may name a profile that is gone: it was deleted, and nothing stands in for it."""

    active: str | None = None
    records: Mapping[str, ProfileRecord] = field(default_factory=dict)

    def having(self, name: str, record: ProfileRecord, *, active: bool) -> StoredProfiles:
        return StoredProfiles(name if active else self.active, {**self.records, name: record})

    def without(self, name: str) -> StoredProfiles:
        return replace(self, records={key: record for key, record in self.records.items() if key != name})


class ProfileIndex:
    """`profiles.json` in the state directory: mode 0600, replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self) -> StoredProfiles:
        """Raises TokenProblem when the file is there and cannot be understood: guessing could mean another token."""
        try:
            raw = json.loads(self.path.read_text(encoding="utf-8"))
            return _profiles(raw)
        except (FileNotFoundError, NotADirectoryError):
            return StoredProfiles()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as failure:
            raise TokenProblem(
                f"The list of profiles {self.path} cannot be read ({type(failure).__name__}).",
                "Restore or remove it (it holds no token), then run `meta-ads-mcp login` again.",
            ) from None

    def write(self, profiles: StoredProfiles) -> None:
        """Raises TokenProblem when the state directory cannot be written."""
        content = {
            "version": VERSION,
            "active": profiles.active,
            "profiles": {name: asdict(record) for name, record in profiles.records.items()},
        }
        try:
            replace_private(self.path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
        except OSError as failure:
            raise TokenProblem(
                f"The list of profiles {self.path} cannot be written ({type(failure).__name__}).",
                "Make the folder writable for this user, or set META_ADS_STATE_DIR to one that is.",
            ) from None


def _profiles(raw: Mapping[str, Any]) -> StoredProfiles:
    if raw["version"] != VERSION:
        raise ValueError("another version")
    return StoredProfiles(raw["active"], {name: _record(row) for name, row in raw["profiles"].items()})


def _record(row: Mapping[str, Any]) -> ProfileRecord:
    """Keys that a later version may have added are left out."""
    values: dict[str, Any] = {info.name: row[info.name] for info in fields(ProfileRecord) if info.name in row}
    values["scopes"] = tuple(values.get("scopes", ()))
    return ProfileRecord(**values)
