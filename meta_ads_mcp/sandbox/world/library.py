"""Ads of other advertisers in the Ad Library, beside those of the demo's own accounts. Every name is invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LibraryAd:
    """An ad of somebody else: where it was shown, since how many days, and for how many (None: it runs)."""

    page: str
    page_number: int
    body: str
    title: str
    countries: tuple[str, ...]
    since_days: int
    for_days: int | None = None
    reach: int = 0
    political: bool = False
    languages: tuple[str, ...] = ("en",)


ADS = (
    LibraryAd(
        "Rösterei Morgenrot", 1, "Frisch gerösteter Kaffee, jede Woche per Post. Coffee for slow mornings.",
        "Das Kaffee-Abo", ("DE", "AT"), 96, reach=184_300, languages=("de",),
    ),
    LibraryAd(
        "Rösterei Morgenrot", 1, "Zwei Tüten Espresso zum Probieren.", "Probierpaket", ("DE",), 40, 21, 38_200,
        languages=("de",),
    ),
    LibraryAd(
        "Quill Coffee Co.", 2, "Single-origin coffee, roasted on Mondays.", "Your first bag", ("GB", "DE", "US"), 33,
        reach=61_900,
    ),
    LibraryAd(
        "Wildkraut Kosmetik", 3, "Naturkosmetik aus Wildkräutern, ohne Duftstoffe.", "Jetzt testen", ("DE", "CH"), 12,
        reach=22_700, languages=("de",),
    ),
    LibraryAd(
        "Alpenpfad Ausrüstung", 4, "Regenjacken, die Wetter mögen.", "Zur Kollektion", ("DE", "AT", "IT"), 58,
        reach=97_400, languages=("de",),
    ),
    LibraryAd(
        "Neighbors for River Parks", 5, "Vote yes on the river parks measure.", "Read the plan", ("US",), 20,
        political=True,
    ),
)  # fmt: skip
