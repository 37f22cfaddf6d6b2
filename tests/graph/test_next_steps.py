"""What an error is taken for, and what to do next, where Meta's code alone is misleading."""

from __future__ import annotations

import pytest

from meta_ads_mcp.errors import AdsError, GraphError, PermissionMissing, TokenProblem, Transient
from meta_ads_mcp.graph.classify import find_rule, to_ads_error


@pytest.mark.parametrize(
    ("code", "message", "kind", "setting"),
    [
        (100, "Invalid appsecret_proof provided in the API argument", TokenProblem, "META_APP_SECRET is not"),
        (100, "API calls from the server require an appsecret_proof argument", TokenProblem, "Set META_APP_SECRET"),
        (190, "Invalid appsecret_proof provided in the API argument", TokenProblem, "META_APP_SECRET is not"),
        (104, "Incorrect signature", TokenProblem, "META_APP_SECRET"),
        (104, "An access token is required to request this resource.", TokenProblem, "META_ACCESS_TOKEN"),
        (2500, "An active access token must be used to query information", TokenProblem, "META_ACCESS_TOKEN"),
        (1, "Error validating client secret.", TokenProblem, "META_APP_SECRET"),
        (101, "Error validating application. Invalid application ID.", TokenProblem, "META_APP_ID"),
        (190, "Error validating application. Application has been deleted.", TokenProblem, "META_APP_ID"),
        (200, "Provide valid app ID", TokenProblem, "META_APP_ID"),
        (5, "Unauthorized source IP address", PermissionMissing, "allowlist"),
        (100, "Missing or invalid app secret proof", TokenProblem, "META_APP_SECRET is not"),
        (100, "The App_id in the input_token did not match the Viewing App", TokenProblem, "META_APP_ID"),
        (104, "Requires valid signature", TokenProblem, "META_APP_SECRET is not"),
        (0, "The session has been invalidated because the user changed the password", TokenProblem, "login"),
    ],
)
def test_setup_errors_name_the_setting(code: int, message: str, kind: type[AdsError], setting: str) -> None:
    error = to_ads_error(GraphError(code, message, type="OAuthException", http_status=401 if code == 0 else 400))
    assert type(error) is kind
    assert setting in error.next_step


@pytest.mark.parametrize(
    ("code", "subcode", "message"),
    [
        (104, None, "Connection reset by peer"),
        (104, None, "The connection was closed"),
        (104, None, "Broken pipe"),
        (104, None, "Operation timed out after 30000 milliseconds"),
        (104, None, "Network is unreachable"),
        (960, None, "Request aborted. This could happen if a dependent request failed."),
        (1, 99, "An unknown error occurred"),
        (2, None, "Service temporarily unavailable"),
        (99_999, None, "Something is broken. Please try again later."),
    ],
)
@pytest.mark.parametrize("status", [400, 500])
def test_passing_faults_are_transient(code: int, subcode: int | None, message: str, status: int) -> None:
    graph_error = GraphError(code, message, subcode, http_status=status)
    assert isinstance(to_ads_error(graph_error), Transient)
    assert find_rule(graph_error).retry


def test_an_unknown_error_of_insights_names_both_causes() -> None:
    error = GraphError(1, "An unknown error occurred", 99, http_status=500)
    insights, plain = find_rule(error, "ads_insights"), find_rule(error, "ads_management")
    assert insights.error is plain.error is Transient
    assert "level" in insights.next_step
    assert "level" not in to_ads_error(error, plain).next_step


@pytest.mark.parametrize("code", [100, 194, 801, 2654, 1487390, 1885272])
@pytest.mark.parametrize(
    "message", ["Please retry your request later.", "Try again in a few minutes", "It is temporarily unavailable"]
)
def test_the_next_step_does_not_contradict_a_message_that_asks_to_try_again(code: int, message: str) -> None:
    for error in (GraphError(code, message), GraphError(code, "(#100) Failed", user_message=message)):
        assert "will be refused again" not in to_ads_error(error).next_step


@pytest.mark.parametrize(("code", "message"), [(2642, "Invalid cursors values"), (100, "(#100) Invalid cursor value")])
def test_an_invalid_cursor_leads_back_to_the_first_page(code: int, message: str) -> None:
    error = to_ads_error(GraphError(code, message, http_status=400))
    assert "without `after`" in error.next_step


@pytest.mark.parametrize("status", [400, 401, 403])
def test_an_error_of_the_login_without_a_code_is_one_of_the_token(status: int) -> None:
    error = to_ads_error(GraphError(0, "Invalid OAuth access token.", type="OAuthException", http_status=status))
    assert isinstance(error, TokenProblem)


def test_an_unknown_path_does_not_blame_the_fields() -> None:
    error = to_ads_error(GraphError(2500, "Unknown path components: /foo", http_status=400))
    assert "fields" not in error.next_step
