"""Settings: every variable, what each refuses, where they come from, and that no refusal shows a value."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.settings import VARIABLES, Settings, SettingsError, load

OFFICIAL = "https://graph.facebook.com"


def one(variable: str, value: str) -> Any:
    found = getattr(load({variable: value}), VARIABLES[variable])
    return found.get_secret_value() if hasattr(found, "get_secret_value") else found


def refused(environ: dict[str, str], env_file: Path | None = None, **flags: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ, env_file, **flags)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_the_defaults_are_careful() -> None:
    made = load({})
    assert (made.allow_writes, made.accounts, made.toolsets, made.demo) == (False, (), ("default",), False)
    assert (made.graph_url, made.video_url, made.api_version) == (
        OFFICIAL,
        "https://graph-video.facebook.com",
        GRAPH_VERSION,
    )
    assert (made.timeout, made.result_chars, made.log_level, made.lock_profile) == (30, 40_000, "INFO", False)
    assert (made.access_token, made.tokens, made.app_secret, made.profile) == (None, {}, None, None)
    assert (made.policy, made.upload_roots, made.exclude_tools, made.business_id) == (None, (), (), None)
    assert made.state_dir.name == "meta-ads-mcp"


GOOD: list[tuple[str, str, Any]] = [
    ("META_ACCESS_TOKEN", " EAAtoken ", "EAAtoken"),
    ("META_APP_ID", "123", "123"),
    ("META_APP_SECRET", "s3cret", "s3cret"),
    ("META_API_VERSION", "v25.0", "v25.0"),
    ("META_ADS_PROFILE", "client_a-1", "client_a-1"),
    ("META_ADS_ALLOW_WRITES", "true", True),
    ("META_ADS_ALLOW_WRITES", "TRUE", True),
    ("META_ADS_ALLOW_WRITES", "false", False),
    (
        "META_ADS_ALLOW_WRITES",
        "ads_update_campaign, facebook_create_post",
        ("ads_update_campaign", "facebook_create_post"),
    ),
    ("META_ADS_TOOLSETS", "campaigns, ads", ("campaigns", "ads")),
    ("META_ADS_ACCOUNTS", "123, act_456,act_123", ("act_123", "act_456")),
    ("META_ADS_BUSINESS_ID", "9", "9"),
    ("META_ADS_POLICY", "/etc/policy.toml", Path("/etc/policy.toml")),
    ("META_ADS_UPLOAD_ROOTS", "/a,/b c", ("/a", "/b c")),
    ("META_ADS_STATE_DIR", "/var/x", Path("/var/x")),
    ("META_ADS_STATE_DIR", "~/x", Path.home() / "x"),
    ("META_ADS_EXCLUDE_TOOLS", "ads_update_campaign", ("ads_update_campaign",)),
    ("META_ADS_LOCK_PROFILE", "true", True),
    ("META_ADS_DEMO", "False", False),
    ("META_ADS_TIMEOUT", "12.5", 12.5),
    ("META_ADS_RESULT_CHARS", "2000", 2000),
    ("LOG_LEVEL", "debug", "DEBUG"),
]


@pytest.mark.parametrize(("variable", "value", "read"), GOOD)
def test_what_a_variable_means(variable: str, value: str, read: Any) -> None:
    assert one(variable, value) == read


def test_tokens_are_an_object_in_their_order() -> None:
    made = load({"META_TOKENS": '{"b": "EAAb", "a": "EAAa"}'})
    assert [(name, token.get_secret_value()) for name, token in made.tokens.items()] == [("b", "EAAb"), ("a", "EAAa")]


BAD: list[tuple[str, str]] = [
    ("META_ACCESS_TOKEN", "EAAsecret with blank"),
    ("META_ACCESS_TOKEN", "EAAsecret\nX-Header: y"),
    ("META_ACCESS_TOKEN", "EAAsécret"),
    ("META_TOKENS", "EAAsecret"),
    ("META_TOKENS", '["EAAsecret"]'),
    ("META_TOKENS", '{"a b": "EAAsecret"}'),
    ("META_TOKENS", '{"a": ""}'),
    ("META_TOKENS", '{"a": 5}'),
    ("META_TOKENS", '{"a": "EAAsecret x"}'),
    ("META_APP_ID", "12a"),
    ("META_APP_ID", "\u0661"),
    ("META_APP_SECRET", "se cret"),
    ("META_API_VERSION", "26"),
    ("META_API_VERSION", "v26.0/../v1"),
    ("META_ADS_PROFILE", "../secret"),
    ("META_ADS_ALLOW_WRITES", "yes"),
    ("META_ADS_ALLOW_WRITES", "1"),
    ("META_ADS_ALLOW_WRITES", "true,ads_update_campaign"),
    ("META_ADS_ALLOW_WRITES", "ads_update_campaign,"),
    ("META_ADS_ALLOW_WRITES", ","),
    ("META_ADS_TOOLSETS", ","),
    ("META_ADS_ACCOUNTS", ","),
    ("META_ADS_ACCOUNTS", "act_x"),
    ("META_ADS_ACCOUNTS", "123 456"),
    ("META_ADS_ACCOUNTS", "\u0661\u0662"),
    ("META_ADS_BUSINESS_ID", "act_1"),
    ("META_ADS_EXCLUDE_TOOLS", " , "),
    ("META_ADS_LOCK_PROFILE", "on"),
    ("META_ADS_DEMO", "yes"),
    ("META_ADS_TIMEOUT", "soon"),
    ("META_ADS_TIMEOUT", "0"),
    ("META_ADS_TIMEOUT", "nan"),
    ("META_ADS_TIMEOUT", "inf"),
    ("META_ADS_RESULT_CHARS", "1999"),
    ("META_ADS_RESULT_CHARS", "40k"),
    ("LOG_LEVEL", "verbose"),
]


@pytest.mark.parametrize(("variable", "value"), BAD)
def test_what_cannot_be_understood_stops_the_start_and_is_not_shown(variable: str, value: str) -> None:
    said = refused({variable: value})
    assert said.startswith(f"{variable}: ")
    if len(value) > 2:
        assert value not in said
    assert "secret" not in said.removeprefix("META_APP_SECRET")


def test_every_variable_is_tested() -> None:
    urls = {"META_ADS_GRAPH_URL", "META_ADS_GRAPH_VIDEO_URL"}
    assert {variable for variable, *_ in GOOD} | urls | {"META_TOKENS"} == set(VARIABLES)


@given(st.sampled_from(sorted(VARIABLES)), st.text(min_size=1))
def test_no_value_breaks_the_reading(variable: str, value: str) -> None:
    said = ""
    try:
        load({variable: value})
    except SettingsError as refusal:
        said = str(refusal)
    assert not said or said.startswith(variable)


@pytest.mark.parametrize("name", ["META_ADS_ALLOW_WRITE", "META_ADS_ACCOUNT", "META_ADS_X", "META_ADS_"])
def test_an_unknown_variable_is_named(name: str) -> None:
    said = refused({name: "hush", "OTHER": "x"})
    assert name in said
    assert "META_ADS_ALLOW_WRITES" in said
    assert "hush" not in said


def test_other_programs_variables_are_none_of_ours() -> None:
    assert load({"META_OTHER": "x", "PATH": "y", "meta_ads_x": "z"}) == load({})


@pytest.mark.parametrize("variable", sorted(VARIABLES))
@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_variable_is_not_given(variable: str, empty: str) -> None:
    assert load({variable: empty}) == load({})


# --- where the token may go


@pytest.mark.parametrize("variable", ["META_ADS_GRAPH_URL", "META_ADS_GRAPH_VIDEO_URL"])
@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LOCALHOST:8080/", "http://localhost:8080"),
        ("https://127.0.0.1", "https://127.0.0.1"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:9", "http://[::1]:9"),
    ],
)
def test_a_loopback_address_may_be_used(variable: str, value: str, read: str) -> None:
    assert one(variable, value) == read


@pytest.mark.parametrize("value", [OFFICIAL, f"{OFFICIAL}/", f" {OFFICIAL} "])
def test_metas_own_host_may_be_used(value: str) -> None:
    assert one("META_ADS_GRAPH_URL", value) == OFFICIAL


@pytest.mark.parametrize("variable", ["META_ADS_GRAPH_URL", "META_ADS_GRAPH_VIDEO_URL"])
@pytest.mark.parametrize(
    "value",
    """https://evil.example http://graph.facebook.com https://graph.facebook.com.evil.example https://evil.graph.facebook.com
    https://graph.facebook.com@evil.example https://graph.facebook.com:443@evil.example https://user@graph.facebook.com
    https://graph.facebook.com:8443 https://graph.facebook.com/v26.0 https://graph.facebook.com?x=1 https://graph.facebook.com#x
    https://graph.facebook.com\\@evil.example https://evil.example\\@localhost http://localhost@evil.example http://:x@localhost
    http://localhost.evil.example http://127.0.0.1.evil.example http://127.1 http://2130706433 http://0.0.0.0 http://[::]
    http://[::ffff:127.0.0.1] http://[::1 http://[::1%25eth0] http://localhost:99999 http://localhost:x ftp://localhost
    //localhost localhost graph.facebook.com file:///etc/passwd http://localhost/evil http://localhost?x http://localhost.
    https://graph.facebook.com。evil.example https://\uff47raph.facebook.com javascript:x http:// http://169.254.169.254""".split(),
)
def test_nothing_else_may_get_the_token(variable: str, value: str) -> None:
    said = refused({variable: value})
    assert said.startswith(variable)
    assert value not in said or value in "localhost graph.facebook.com http://"


@given(st.text(st.sampled_from("htps:/@.#?\\[]1270localhost\t\n graphfacebook.com%")))
def test_whatever_is_written_the_token_stays_with_meta_or_here(value: str) -> None:
    try:
        made = one("META_ADS_GRAPH_URL", value) if value.strip() else OFFICIAL
    except SettingsError:
        return
    hosts = ("localhost", "127.0.0.1", "[::1]")
    assert made == OFFICIAL or made.partition("://")[2].rpartition(":")[0] in hosts or made.partition("://")[2] in hosts


@pytest.mark.parametrize(
    ("given", "video"),
    [
        ({}, "https://graph-video.facebook.com"),
        ({"META_ADS_GRAPH_URL": "http://localhost:1"}, "http://localhost:1"),
        ({"META_ADS_GRAPH_VIDEO_URL": "http://localhost:2"}, "http://localhost:2"),
        (
            {"META_ADS_GRAPH_URL": "http://localhost:1", "META_ADS_GRAPH_VIDEO_URL": "http://localhost:2"},
            "http://localhost:2",
        ),
    ],
)
def test_where_videos_go(given: dict[str, str], video: str) -> None:
    assert load(given).video_url == video


# --- sources


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / "settings.env"


def test_the_environment_comes_before_the_file_and_flags_before_both(env_file: Path) -> None:
    env_file.write_text("META_ADS_ACCOUNTS=1\nMETA_ADS_TIMEOUT=5\nMETA_ADS_PROFILE=file\nOTHER=x\n")
    made = load({"META_ADS_TIMEOUT": "6", "META_ADS_PROFILE": "environment"}, env_file, profile="flag", accounts=None)
    assert (made.accounts, made.timeout, made.profile) == (("act_1",), 6, "flag")


def test_an_empty_variable_takes_nothing_away_from_the_file(env_file: Path) -> None:
    env_file.write_text("META_ADS_ACCOUNTS=1\n")
    assert load({"META_ADS_ACCOUNTS": ""}, env_file).accounts == ("act_1",)


@pytest.mark.parametrize("flag", ["accounts", "toolsets", "profile"])
def test_an_empty_flag_is_no_way_round_a_setting(flag: str) -> None:
    refused({"META_ADS_ACCOUNTS": "1"}, **{flag: ""})


@pytest.mark.parametrize(
    ("flags", "field", "read"),
    [
        ({"allow_writes": "true"}, "allow_writes", True),
        ({"allow_writes": "ads_update_campaign"}, "allow_writes", ("ads_update_campaign",)),
        ({"allow_writes": ""}, "allow_writes", False),
        ({"demo": True}, "demo", True),
        ({"accounts": "1,2"}, "accounts", ("act_1", "act_2")),
        ({"toolsets": "all"}, "toolsets", ("all",)),
    ],
)
def test_flags(flags: dict[str, Any], field: str, read: Any) -> None:
    assert getattr(load({}, **flags), field) == read


def test_the_file_may_have_comments_quotes_exports_and_a_byte_order_mark(env_file: Path) -> None:
    lines = ["# ours", "export META_ADS_ACCOUNTS='1'", "", 'META_ADS_PROFILE="a" # which', "META_ADS_STATE_DIR=$HOME/x"]
    env_file.write_text("\n".join(lines), encoding="utf-8-sig")
    made = load({}, env_file)
    assert (made.accounts, made.profile) == (("act_1",), "a")
    assert made.state_dir == Path("$HOME/x")


@pytest.mark.parametrize(
    "line", ["META_ADS_ACCOUNTS 1", "META_ADS_ACCOUNTS", "=1", 'META_ADS_ACCOUNTS="1', "META_ADS_ACCOUNT=1"]
)
def test_a_line_of_the_file_that_cannot_be_read_stops_the_start(env_file: Path, line: str) -> None:
    env_file.write_text(f"META_ADS_PROFILE=a\n{line}\n")
    said = refused({}, env_file)
    assert "META_ADS_ACCOUNT" in said or "line 2" in said


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_stops_the_start(env_file: Path, content: bytes | None) -> None:
    if content is not None:
        env_file.write_bytes(content)
    assert "--env-file" in refused({}, env_file)


def test_the_folder_a_client_has_open_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("META_ADS_ALLOW_WRITES=true\nMETA_ACCESS_TOKEN=EAAother\n")
    monkeypatch.chdir(tmp_path)
    assert load({}) == load({"OTHER": "x"})
    assert load({}).access_token is None


def test_only_what_is_handed_over_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ADS_ALLOW_WRITES", "true")
    assert load({}).allow_writes is False
    assert Settings().allow_writes is False


def test_settings_do_not_change_and_do_not_show_secrets() -> None:
    made = load({"META_ACCESS_TOKEN": "EAAhush", "META_APP_SECRET": "hushhush", "META_TOKENS": '{"a": "EAAhush2"}'})
    with pytest.raises(ValueError, match="frozen"):
        made.demo = True
    assert "hush" not in repr(made) + str(made) + made.model_dump_json()
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  our own
