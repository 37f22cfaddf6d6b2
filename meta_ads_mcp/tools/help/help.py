"""A short guide to how Meta ads work, bundled with the server: no call leaves the machine."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.tools.help.articles import ARTICLES, REVIEWED, Article, search_page

# A word in the tags says what an article is about, one in the summary only that it is mentioned.
_WEIGHTS = (("tags", 4), ("title", 3), ("summary", 1))


@tool(
    "ads_get_help_article",
    Effect.READ,
    calls_graph=False,
    trusted_text=True,
    keywords="documentation how does explain guide meta help",
)
class GetHelpArticle(Params):
    """Look up how Meta ads work: budgets, bidding, learning phase, review, tracking, limits, rules. Bundled, offline.

    Short summaries with a link to Meta's page, or to a search in Meta's Business Help Centre.
    """

    query: Annotated[str, Field(min_length=1, max_length=200)]
    limit: Annotated[int, Field(ge=1, le=20)] = 5

    async def run(self, call: Call) -> Result:
        found = find(self.query)[: self.limit]
        if found:
            titles = "; ".join(str(row["title"]) for row in found)
            return Result(
                f"{len(found)} {plural('article', len(found))}: {titles}.", {"articles": found, "reviewed": REVIEWED}
            )
        call.note(f"Nothing here on that; Meta's Help Centre may have it: {search_page(self.query)}")
        return Result("No article matches; try other words.", {"articles": [], "reviewed": REVIEWED})


def find(query: str) -> list[Row]:
    """The articles that have a word of the query, best first; words have three characters or more."""
    words = _words(query)
    scored = [(score(article, words), article) for article in ARTICLES]
    best = sorted((entry for entry in scored if entry[0]), key=lambda entry: -entry[0])
    return [
        {
            "id": article.id,
            "title": article.title,
            "url": article.url,
            "summary": article.summary,
            "tags": list(article.tags),
            "reviewed": article.reviewed,
            "score": points,
        }
        for points, article in best
    ]


def score(article: Article, words: set[str]) -> int:
    texts = {"tags": " ".join(article.tags), "title": article.title, "summary": article.summary}
    return sum(weight * len(words & _words(texts[part])) for part, weight in _WEIGHTS)


def _words(text: str) -> set[str]:
    """Words in the singular, so that "budgets" finds "budget"."""
    return {word.removesuffix("s") for word in re.findall(r"[a-z0-9]{3,}", text.lower())} - _EMPTY


_EMPTY = frozenset("the and for with how what why are doe can not this that from you your when which who".split())
