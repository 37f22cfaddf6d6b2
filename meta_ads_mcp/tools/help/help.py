"""Search a short bundled guide to how Meta ads work. No request leaves the machine."""

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

# Points per matching word, by the part of the article: tags name its subject, the summary only mentions words.
_WEIGHTS = (("tags", 4), ("title", 3), ("summary", 1))


@tool(
    "ads_get_help_article",
    Effect.READ,
    calls_graph=False,
    trusted_text=True,
    keywords="documentation how does explain guide meta help",
)
class GetHelpArticle(Params):
    """Look up how Meta ads work: budgets, bidding, learning phase, review, tracking, limits, rules. Offline."""

    query: Annotated[str, Field(min_length=1, max_length=200)]
    limit: Annotated[int, Field(ge=1, le=20)] = 5

    async def run(self, call: Call) -> Result:
        articles = search_articles(self.query)[: self.limit]
        if articles:
            titles = "; ".join(str(row["title"]) for row in articles)
            summary = f"{len(articles):,} {plural('article', len(articles))}: {titles}."
            return Result(summary, {"articles": articles, "reviewed": REVIEWED})
        call.note(f"No bundled article matches. Search Meta's Help Center: {search_page(self.query)}")
        return Result("No article matches; try other words.", {"articles": [], "reviewed": REVIEWED})


def search_articles(query: str) -> list[Row]:
    """Return the articles that contain a word of the query, best first. Words under three characters are ignored."""
    words = _words(query)
    matches = [(score(article, words), article) for article in ARTICLES]
    best = sorted((entry for entry in matches if entry[0]), key=lambda entry: -entry[0])
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
    """Sum the points of the words that occur in the article's tags, title and summary."""
    texts = {"tags": " ".join(article.tags), "title": article.title, "summary": article.summary}
    return sum(weight * len(words & _words(texts[part])) for part, weight in _WEIGHTS)


def _words(text: str) -> set[str]:
    """Split into words without a final "s", so that "budgets" matches "budget"; drop stop words."""
    return {word.removesuffix("s") for word in re.findall(r"[a-z0-9]{3,}", text.lower())} - _STOP_WORDS


_STOP_WORDS = frozenset("the and for with how what why are doe can not this that from you your when which who".split())
