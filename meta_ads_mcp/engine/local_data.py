"""Hide local data of accounts that this server may not touch: journal entries, exported files, states of limits.

This data outlives a change of META_ADS_ACCOUNTS. Data of unknown accounts is hidden too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.changes import ChangePage, ChangeQuery, Changes, JournalEntry, UnitPage
from meta_ads_mcp.core.ports import Export, ExportFormat, RowSpool, Upload
from meta_ads_mcp.core.private_files import append_private_line
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.engine.files.exports import FolderExports
from meta_ads_mcp.engine.files.opened_files import OpenedFiles
from meta_ads_mcp.errors import AdsError, Denied, NotFound

# Ids of accounts and businesses in the keys of limits. Shorter numbers are codes and percentages.
_ID = re.compile(r"[0-9]{5,}")
OWNERS_FILE = "export_owners.jsonl"


class VisibleChanges:
    """Implement `Changes` with the entries of a journal that this server may show and undo."""

    def __init__(self, changes: Changes, book: AccountBook) -> None:
        self._changes = changes
        self._book = book

    async def find(self, query: ChangeQuery) -> ChangePage:
        """Return the newest visible changes that match."""
        return await self._changes.find(await self._limit(query))

    async def find_units(self, query: ChangeQuery) -> UnitPage:
        """Return the newest visible units that match."""
        return await self._changes.find_units(await self._limit(query))

    async def _limit(self, query: ChangeQuery) -> ChangeQuery:
        """Return the query for visible changes only.

        A change that names no account, such as one of a catalog, is found by an object that this server may touch.
        """
        if not self._book.is_limited:
            return query
        if query.object_id is not None and await self._is_usable(query.object_id):
            return replace(query, is_visible=self._is_visible_or_unowned)
        return replace(query, is_visible=self._is_visible)

    async def get(self, change_id: str) -> JournalEntry | None:
        """Return one change, or None if there is no such change or it is not visible."""
        entry = await self._changes.get(change_id)
        if entry is None or self._is_visible(entry.account, entry.page):
            return entry
        is_unowned = entry.account is None and entry.page is None
        return entry if is_unowned and await self._is_of_usable_object(entry) else None

    async def _is_of_usable_object(self, entry: JournalEntry) -> bool:
        """Return whether a change is of an object, or below one, that this server may touch.

        A business does not count: others have objects there, too.
        """
        subjects = [subject for subject in (entry.object_id, entry.parent) if subject is not None]
        return any([await self._is_usable(subject) and not self._book.is_business(subject) for subject in subjects])

    def _is_visible_or_unowned(self, account: str | None, page: str | None) -> bool:
        return (account is None and page is None) or self._is_visible(account, page)

    def _is_visible(self, account: str | None, page: str | None) -> bool:
        """Return whether a change may be shown. A change of a Page counts for the Page's account, if known."""
        if not self._book.is_limited:
            return True
        owner = account or (self._book.known_owner(page) if page else None)
        return owner is not None and self._book.is_allowed(owner)

    async def _is_usable(self, object_id: str) -> bool:
        """Return whether this server may touch the object. Asks Graph once if it is not known yet."""
        try:
            await self._book.require(object_id)
        except AdsError:
            return False
        return True


@dataclass(frozen=True)
class OwnedExports:
    """Implement `Exports` for one call, and remember which accounts each file is about."""

    files: FolderExports
    owners: ExportOwners
    accounts: Sequence[str]
    contents: OpenedFiles = field(default_factory=OpenedFiles)

    def open(
        self, name: str, file_format: ExportFormat, *, personal: bool = False, for_editing: bool = False
    ) -> Export:
        export = self.files.open(name, file_format, personal=personal, for_editing=for_editing)
        if not personal:  # nobody is shown a personal file
            self.owners.record(f"{name}.{file_format}", self.accounts)
        return export

    def reopen(self, path: str, most_bytes: int) -> Upload | None:
        upload = self.contents.watch(self.files.reopen, path, most_bytes)
        owners = self.owners.accounts_of().get(upload.name) if upload else None
        if upload is not None and owners is not None and not set(owners) <= set(self.accounts):
            upload.file.close()
            raise Denied(
                "This file was exported from another ad account.", "Give the account_id from which it was exported."
            )
        return upload

    def read_state(self, name: str) -> Row:
        return self.files.read_state(name)

    def write_state(self, name: str, state: Row) -> None:
        self.files.write_state(name, state)

    def spool(self, name: str) -> RowSpool:
        return self.files.spool(name)

    def keep(self, name: str, extension: str, content: bytes) -> str:
        return self.files.keep(name, extension, content)


class ExportOwners:
    """Know the accounts of exported files, from a private file of the state directory."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / OWNERS_FILE if folder else None

    def record(self, name: str, accounts: Sequence[str]) -> None:
        """Remember the accounts of a file. A file that is not recorded is shown without an allowlist only."""
        if self._path is not None:
            with suppress(OSError):
                append_private_line(self._path, json.dumps({"name": name, "accounts": list(accounts)}), sync=False)

    def accounts_of(self) -> dict[str, list[str]]:
        """Return the accounts of each recorded file. The last record of a name counts."""
        accounts: dict[str, list[str]] = {}
        for line in self._lines():
            if isinstance(line, dict) and isinstance(line.get("name"), str) and isinstance(line.get("accounts"), list):
                accounts[line["name"]] = [str(account) for account in line["accounts"]]
        return accounts

    def _lines(self) -> Iterator[Any]:
        if self._path is None or self._path.is_symlink() or not self._path.is_file():
            return
        for text in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, RecursionError):
                yield json.loads(text)


class VisibleExports:
    """List and read the exported files that this server may show."""

    def __init__(self, files: FolderExports, owners: ExportOwners, book: AccountBook) -> None:
        self._files = files
        self._owners = owners
        self._book = book

    def names(self) -> list[str]:
        """Return the names of the finished files, the newest first."""
        names = self._files.names()
        if not self._book.is_limited:
            return names
        owners = self._owners.accounts_of()
        return [name for name in names if self._is_visible(owners.get(name))]

    def beginning(self, name: str, most: int) -> tuple[str, int]:
        """Return the first `most` bytes in whole lines, and the size. Raises NotFound for a file that is not shown."""
        if self._book.is_limited and not self._is_visible(self._owners.accounts_of().get(name)):
            raise NotFound("There is no such exported file.", "List the files that this server shows.")
        return self._files.beginning(name, most)

    def _is_visible(self, accounts: Sequence[str] | None) -> bool:
        return bool(accounts) and all(self._book.is_allowed(account) for account in accounts or ())


def visible_status(status: Mapping[str, Any], accounts: Sequence[str] | None) -> dict[str, Any]:
    """Return the state of the limits without the rows whose key names another account or a business.

    With None for `accounts`, all rows are visible.
    """
    if accounts is None:
        return dict(status)
    ids = {account.removeprefix("act_") for account in accounts}
    return {name: _visible_rows(value, ids) for name, value in status.items()}


def _visible_rows(value: Any, ids: set[str]) -> Any:
    if not isinstance(value, list):
        return value
    return [row for row in value if not isinstance(row, Mapping) or set(_ID.findall(str(row.get("key", "")))) <= ids]
