from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.engine.answer.shape import UNTRUSTED_TEXT
from meta_ads_mcp.tools.help.articles import ARTICLES, Article
from meta_ads_mcp.tools.help.help import score, search_articles
from tests.support.scripted_graph import CATALOGUE, ScriptedGraph, call, refused_unsent


@pytest.mark.parametrize("tool", ["ads_get_help_article", "ads_find_tools"])
async def test_our_own_words_are_not_called_those_of_outsiders(tool: str) -> None:
    answer = await call(ScriptedGraph({}), tool, query="budget")
    assert UNTRUSTED_TEXT not in answer.structured.get("notes", [])


SAMPLE = Article(
    "x", "Learning phase", ("delivery", "ad set"), "Budget steps start delivery anew.", "https://x.example"
)


@pytest.mark.parametrize(
    ("words", "points"),
    [
        ({"learning"}, 3),
        ({"budget"}, 1),
        ({"delivery"}, 4 + 1),
        ({"delivery", "learning", "phase"}, 4 + 1 + 3 + 3),
        ({"set"}, 4),
        ({"unknown"}, 0),
    ],
)
def test_tags_weigh_more_than_titles_and_those_more_than_summaries(words: set[str], points: int) -> None:
    assert score(SAMPLE, words) == points


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("why is my ad set in learning limited", "Learning limited"),
        ("lookalikes", "Lookalike audiences"),
        ("special ad category housing", "Special ad categories"),
        ("ROAS bid", "Bid strategies"),
        ("DSA beneficiary", "Transparency of ads in the European Union (DSA)"),
        ("rejected ads", "Ad review and rejected ads"),
        ("capi deduplication", "Conversions API"),
        ("token expired", "Access tokens"),
        ("rate limit", "Rate limits"),
        ("A/B test", "A/B tests"),
        ("opportunity score", "Opportunity score and recommendations"),
    ],
)
def test_a_question_finds_its_article_first(query: str, title: str) -> None:
    assert search_articles(query)[0]["title"] == title


@given(st.text(max_size=60))
def test_any_query_gives_articles_in_falling_order(query: str) -> None:
    scores = [row["score"] for row in search_articles(query)]
    assert scores == sorted(scores, reverse=True)
    assert 0 not in scores


@pytest.mark.parametrize("query", ["ad", "ab", "?!", "to be"])
def test_words_of_two_letters_find_nothing(query: str) -> None:
    assert search_articles(query) == []


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.id)
def test_an_article_is_short_dated_and_links_to_meta(article: Article) -> None:
    assert re.fullmatch(r"[a-z0-9()-]+", article.id)
    assert re.fullmatch(r"20[0-9]{2}-[01][0-9]", article.reviewed)
    assert len(re.findall(r"[.](?: |$)", article.summary)) == 2, "two sentences"
    assert len(article.summary) < 400
    assert all(tag == tag.strip() != "" for tag in article.tags)
    url = urlsplit(article.url)
    assert url.scheme == "https"
    if url.hostname == "www.facebook.com":
        assert url.path == "/business/help/search"
        assert url.query.startswith("query=")
    else:
        assert url.hostname == "developers.facebook.com"
        assert not re.search(r"[0-9]{6,}", url.path), "ids of help-centre articles are not guessed"


def test_ids_and_titles_are_unique() -> None:
    assert len({article.id for article in ARTICLES}) == len({article.title for article in ARTICLES}) == len(ARTICLES)


async def test_the_best_articles_without_any_request() -> None:
    graph = ScriptedGraph()
    answer = await call(graph, "ads_get_help_article", query="budget", limit=2)
    assert len(answer.structured["data"]["articles"]) == 2
    assert {"id", "title", "url", "summary", "tags", "score", "reviewed"} == set(
        answer.structured["data"]["articles"][0]
    )
    assert graph.sent == []
    assert not CATALOGUE.get("ads_get_help_article").calls_graph


async def test_no_match_points_to_metas_own_search() -> None:
    answer = await call(ScriptedGraph(), "ads_get_help_article", query="zebra stripes")
    assert "https://www.facebook.com/business/help/search?query=zebra+stripes" in answer.structured["notes"][0]


@pytest.mark.parametrize("limit", [0, 21])
async def test_the_limit_is_bounded(limit: int) -> None:
    assert "'limit'" in (await refused_unsent("ads_get_help_article", query="budget", limit=limit))["message"]


async def test_a_search_says_whether_more_tools_fit() -> None:
    few = (await call(ScriptedGraph({}), "ads_find_tools", query="budget", limit=1)).structured
    assert (len(few["data"]), few["page"]) == (1, {"count": 1, "has_more": True})
    toolsets = (await call(ScriptedGraph({}), "ads_find_tools", query="")).structured
    assert toolsets["page"] == {"count": len(toolsets["data"]), "has_more": False}
