"""The first line of a file names its columns, or is somebody's data, which no message repeats."""

from __future__ import annotations

import pytest

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.audiences.columns import find_layout


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("EMAIL,PHONE,FN,LN", ("EMAIL", "PHONE", "FN", "LN")),
        ("email;phone;fn", ("EMAIL", "PHONE", "FN")),
        ("E-Mail\tFirst Name\tZip Code\tDate of birth", ("EMAIL", "FN", "ZIP", "DOB")),
        ("email1|email2|mobile phone", ("EMAIL", "EMAIL", "PHONE")),
        ('"Email","Last, name","City"', ("EMAIL", "LN", "CT")),
        ("extern_id,IDFA,Gender", ("EXTERN_ID", "MADID", "GEN")),
        ("id,email,notes", ("", "EMAIL", "")),
        ("ln,ln,email", ("LN", "", "EMAIL")),
        ("Email,Zip/Postal Code,Country/Region,State/Region", ("EMAIL", "ZIP", "COUNTRY", "ST")),
        ("email,City/Country,age/value", ("EMAIL", "", "")),
    ],
)
def test_known_names_are_found_in_any_spelling(line: str, columns: tuple[str, ...]) -> None:
    assert find_layout([line]).columns == columns


@pytest.mark.parametrize("line", ["jane@secret.de,City", "jane@secret.de", "Jane,Secret", "", "4917155501;Jane"])
def test_a_first_line_of_data_is_refused_without_repeating_it(line: str) -> None:
    with pytest.raises(InvalidArguments) as error:
        find_layout([line, "x@y.de,Smith"])
    assert "secret" not in f"{error.value.message} {error.value.next_step}".lower()


def test_a_first_line_of_data_is_read_with_schema() -> None:
    layout = find_layout(["jane@secret.de,City"], ["EMAIL", "LN"])
    assert (layout.columns, layout.header_lines) == (("EMAIL", "LN"), 0)


def test_schema_repeats_the_header_or_is_refused() -> None:
    assert find_layout(["email,fn"], ["EMAIL", "FN"]).header_lines == 1
    with pytest.raises(InvalidArguments, match="other columns"):
        find_layout(["email,fn"], ["FN", "EMAIL"])


def test_names_that_may_be_data_are_shown_by_their_number() -> None:
    layout = find_layout([f"email,age,Score 2025,{'x' * 60},Region"])
    assert layout.left_out == (
        "age (the API has no key for it)",
        "column 3 (not a key of Meta)",
        "column 4 (not a key of Meta)",
        "Region (not a key of Meta)",
    )
