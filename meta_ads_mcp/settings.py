"""Read the settings once, freeze them and pass them down. A value that cannot be parsed stops the start.

They come from environment variables, or from the file named with `--env-file`; a `.env` of the working directory is
never read by itself, because clients start servers in whatever folder is open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION

PREFIX = "META_ADS_"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ACCOUNT = re.compile(r"(act_)?[0-9]{1,30}")
_PROFILE = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOOL = re.compile(r"(ads|facebook)_[a-z0-9_]{1,41}")
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]")
# The characters that an HTTP header can carry; anything else was pasted by mistake.
_SECRET = re.compile(r"[!-~]{1,2000}")


class SettingsError(Exception):
    """One line that names the setting and says what it takes."""


@dataclass(frozen=True)
class Takes:
    """Say what a setting takes, for the message when its value is of the wrong type or out of bounds."""

    text: str


def _comma_list(value: Any) -> Any:
    """Split a comma-separated list. A list without any part is refused: an empty allowlist would allow everything."""
    if not isinstance(value, str):
        return value
    parts = tuple(part.strip() for part in value.split(",") if part.strip())
    if not parts:
        raise ValueError("takes a comma-separated list")
    return parts


def _flag(value: Any) -> Any:
    """Parse `true` or `false`. Other words are refused, so that a typing error never allows something."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in ("true", "false"):
            raise ValueError("takes true or false")
        return word == "true"
    return value


def _writes(value: Any) -> Any:
    """Parse `true`, `false`, or the names of the write tools to allow."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word in ("true", "false", ""):
        return word == "true"
    names = tuple(name.strip() for name in value.split(","))
    if not all(_TOOL.fullmatch(name) for name in names):
        raise ValueError("takes true, false or a comma-separated list of tool names")
    return names


def _accounts(value: tuple[str, ...]) -> tuple[str, ...]:
    """Give every account id its `act_`."""
    if not all(_ACCOUNT.fullmatch(item) for item in value):
        raise ValueError("takes a comma-separated list of ad account ids, such as act_123,act_456")
    return tuple(dict.fromkeys(item if item.startswith("act_") else f"act_{item}" for item in value))


def _secret(value: SecretStr | None) -> SecretStr | None:
    if value is None:
        return None
    text = value.get_secret_value().strip()
    if not _SECRET.fullmatch(text):
        raise ValueError("takes ASCII characters without blanks")
    return SecretStr(text)


def _token_map(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        tokens = json.loads(value)
    except ValueError:
        tokens = None
    if not isinstance(tokens, dict) or not all(_PROFILE.fullmatch(name) for name in tokens):
        raise ValueError("takes a JSON object, profile name to token")
    if not all(isinstance(token, str) and _SECRET.fullmatch(token) for token in tokens.values()):
        raise ValueError("takes tokens of ASCII characters without blanks")
    return tokens


def _profile(value: str | None) -> str | None:
    if value is not None and not _PROFILE.fullmatch(value):
        raise ValueError("takes a profile name of letters, digits, _ and -")
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError(f"takes a version such as {GRAPH_VERSION}")
    return value


def _host(name: str) -> Any:
    """Accept Meta's host `name` or a loopback address, so that no setting can send the token elsewhere."""

    def check(value: str | None) -> str | None:
        if value is None:
            return None
        base = _base_url(value, name)
        if base is None:
            raise ValueError(f"takes https://{name} or a loopback address")
        return base

    return AfterValidator(check)


def _base_url(value: str, official: str) -> str | None:
    """Return the URL, rebuilt from the parts that were checked; None if it is not allowed."""
    try:
        url = urlsplit(value.strip())
        port = url.port
    except ValueError:
        return None
    if url.path.strip("/") or url.query or url.fragment or url.username is not None:
        return None
    if url.scheme == "https" and url.netloc == official:
        return f"https://{official}"
    if url.scheme not in ("http", "https") or url.hostname not in _LOOPBACK:
        return None
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{url.scheme}://{host}" + (f":{port}" if port is not None else "")


def _level(value: str) -> str:
    level = value.upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR", "FATAL"):
        raise ValueError("takes DEBUG, INFO, WARNING, ERROR or FATAL")
    return level


def _home(value: Path | None) -> Path | None:
    """Expand `~`: clients pass it on as it is written."""
    return None if value is None else value.expanduser()


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_list)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Secret = Annotated[SecretStr | None, AfterValidator(_secret)]


class Settings(BaseSettings):
    """Hold all settings of the server. The alias of a field is its environment variable."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: Secret = Field(
        None, validation_alias="META_ACCESS_TOKEN", description="token used when no profile is stored or chosen"
    )
    tokens: Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_token_map)] = Field(
        {},
        validation_alias="META_TOKENS",
        examples=['{"client_a": "…", "client_b": "…"}'],
        description="JSON object, profile name to token",
    )
    app_id: Annotated[str | None, Takes("digits")] = Field(
        None,
        validation_alias="META_APP_ID",
        pattern="^[0-9]{1,30}$",
        description="app id, for exchanging and inspecting tokens",
    )
    app_secret: Secret = Field(
        None, validation_alias="META_APP_SECRET", description="with it, every call carries appsecret_proof"
    )
    api_version: Annotated[str, AfterValidator(_version)] = Field(
        GRAPH_VERSION, validation_alias="META_API_VERSION", description="Graph API version"
    )
    profile: Annotated[str | None, AfterValidator(_profile)] = Field(
        None, validation_alias="META_ADS_PROFILE", examples=["client_a"], description="stored profile to use"
    )
    allow_writes: Annotated[bool | tuple[str, ...], NoDecode, BeforeValidator(_writes)] = Field(
        False,
        validation_alias="META_ADS_ALLOW_WRITES",
        description="true registers the write tools; a comma list of tool names registers only those",
    )
    toolsets: Words = Field(
        ("default",), validation_alias="META_ADS_TOOLSETS", description="comma list of toolset names, default or all"
    )
    accounts: Annotated[Words, AfterValidator(_accounts)] = Field(
        (),
        validation_alias="META_ADS_ACCOUNTS",
        examples=["act_1234567890,act_2345678901"],
        description="ad accounts this server may touch; empty = all the token reaches",
    )
    business_id: Annotated[str | None, Takes("digits")] = Field(
        None,
        validation_alias="META_ADS_BUSINESS_ID",
        pattern="^[0-9]{1,30}$",
        description="business to whose accounts, Pages, datasets and catalogs this server is limited",
    )
    policy: Annotated[Path | None, AfterValidator(_home)] = Field(
        None,
        validation_alias="META_ADS_POLICY",
        examples=["~/meta-ads-policy.toml"],
        description="TOML file with guardrails",
    )
    upload_roots: Words = Field(
        (),
        validation_alias="META_ADS_UPLOAD_ROOTS",
        examples=["/srv/creatives"],
        description="comma list of folders from which a local file may be uploaded; empty = none",
    )
    state_dir: Annotated[Path, AfterValidator(_home)] = Field(
        default_factory=lambda: Path(platformdirs.user_state_dir("meta-ads-mcp", appauthor=False)),
        validation_alias="META_ADS_STATE_DIR",
        description="change journal, audit log, exports",
    )
    exclude_tools: Words = Field(
        (),
        validation_alias="META_ADS_EXCLUDE_TOOLS",
        description="comma list of tools or toolsets that are switched off, whatever other settings say",
    )
    lock_profile: Flag = Field(
        False,
        validation_alias="META_ADS_LOCK_PROFILE",
        description="the profile cannot be switched, registered or deleted through tools",
    )
    graph_url: Annotated[str, _host("graph.facebook.com")] = Field(
        "https://graph.facebook.com",
        validation_alias="META_ADS_GRAPH_URL",
        description="Graph base URL; only that host, or a loopback address",
    )
    graph_video_url: Annotated[str | None, _host("graph-video.facebook.com")] = Field(
        None, validation_alias="META_ADS_GRAPH_VIDEO_URL", description="the same for video uploads"
    )
    demo: Flag = Field(
        False, validation_alias="META_ADS_DEMO", description="serve from the embedded sandbox, as --demo"
    )
    timeout: Annotated[float, Field(ge=1, le=600), Takes("a number of seconds from 1 to 600")] = Field(
        30,
        validation_alias="META_ADS_TIMEOUT",
        description="seconds for one request; uploads and insights have their own, longer ones",
    )
    result_chars: Annotated[int, Field(ge=2000, le=1_000_000), Takes("a whole number from 2000 to 1000000")] = Field(
        40_000,
        validation_alias="META_ADS_RESULT_CHARS",
        description="largest tool result, in characters of structuredContent as compact JSON",
    )
    log_level: Annotated[str, AfterValidator(_level)] = Field(
        "INFO", validation_alias="LOG_LEVEL", description="of the JSON log lines on standard error"
    )

    @property
    def video_url(self) -> str:
        """The base URL of video uploads: Meta's video host, or the loopback server that takes everything else."""
        if self.graph_video_url is not None:
            return self.graph_video_url
        official = self.graph_url == "https://graph.facebook.com"
        return "https://graph-video.facebook.com" if official else self.graph_url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read no source besides the values that `load` passes."""
        return (init_settings,)


VARIABLES = {str(info.validation_alias): name for name, info in Settings.model_fields.items()}
Source = Literal["environment", "file"]


def load(environ: Mapping[str, str], env_file: Path | None = None, **flags: Any) -> Settings:
    """Read settings from the file, overridden by the environment, overridden by the flags of the command line.

    Raises SettingsError, in one line, for an unknown `META_ADS_*` variable or a value that cannot be parsed.
    """
    from_file = _read_env_file(env_file)
    _reject_unknown({**from_file, **environ})
    # An empty variable counts as unset: it must not remove a restriction of the file.
    values: dict[str, Any] = {
        alias: value
        for source in (from_file, environ)
        for alias, value in source.items()
        if alias in VARIABLES and value.strip()
    }
    aliases = {name: alias for alias, name in VARIABLES.items()}
    values |= {aliases[name]: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as problem:
        raise SettingsError(_message(problem)) from None


def _read_env_file(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    from dotenv.parser import parse_stream  # noqa: PLC0415  only this option needs it

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsError(f"--env-file: {path} cannot be read ({type(failure).__name__})") from None
    values: dict[str, str] = {}
    for line in parse_stream(StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            raise SettingsError(f"--env-file: line {line.original.line} of {path} is not KEY=value")
        if line.key is not None:
            values[line.key] = line.value or ""
    return values


def _reject_unknown(variables: Mapping[str, str]) -> None:
    unknown = sorted(name for name in variables if name.startswith(PREFIX) and name not in VARIABLES)
    if unknown:
        names = ", ".join(sorted(name for name in VARIABLES if name.startswith(PREFIX)))
        raise SettingsError(f"unknown setting {unknown[0]}; known are {names}")


def _message(problem: ValidationError) -> str:
    """Name the variable and what it takes; never the value, which may be a secret."""
    error = problem.errors(include_url=False, include_input=False)[0]
    alias = str(error["loc"][0]) if error["loc"] else "settings"
    reason = error.get("ctx", {}).get("error")
    if reason is None:
        metadata = Settings.model_fields[VARIABLES[alias]].metadata if alias in VARIABLES else []
        takes = next((item.text for item in metadata if isinstance(item, Takes)), "another value")
        reason = f"takes {takes}"
    return f"{alias}: {reason}"
