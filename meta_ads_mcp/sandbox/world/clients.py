"""The fictitious clients of the demo agency. Every name is invented."""

from __future__ import annotations

from dataclasses import dataclass

AGENCY = "Lanterna Media Partners"
SYSTEM_USER = "Lanterna Reporting (system user)"


@dataclass(frozen=True)
class Client:
    """One client and its ad account. Money in minor units; `geo` is (country, region, share)."""

    name: str
    currency: str
    timezone: str
    timezone_id: int
    offset_hours: float
    country: str
    city: str
    site: str
    username: str
    category: str
    cpm: int
    order_value: int
    daily_budget: int
    geo: tuple[tuple[str, str, float], ...]
    products: tuple[str, ...]
    slogans: tuple[str, ...]
    locale: int = 6
    status: int = 1
    disable_reason: int = 0
    campaigns: int = 8
    interests: tuple[str, ...] = ("Hiking", "Camping")

    @property
    def in_eu(self) -> bool:
        return self.country in {"DE", "FR", "ES", "IT", "PT", "NL"}


US = (
    ("US", "California", 0.22), ("US", "Texas", 0.16), ("US", "New York", 0.14), ("US", "Florida", 0.12),
    ("US", "Washington", 0.10), ("US", "Colorado", 0.09), ("US", "Illinois", 0.07), ("CA", "Ontario", 0.06),
    ("CA", "British Columbia", 0.04),
)  # fmt: skip

CLIENTS = (
    Client(
        name="Harbor & Pine Outdoor", currency="USD", timezone="America/New_York", timezone_id=7, offset_hours=-5.0,
        country="US", city="Portland", site="harborandpine.example", username="harborandpine",
        category="Outdoor & Sporting Goods Company", cpm=1180, order_value=8640, daily_budget=64_000, geo=US,
        products=("Trail Shell", "Basecamp Tent", "Merino Layer", "River Boots", "Daypack 24"),
        slogans=("Built for weather that changes its mind.", "Pack light. Stay out longer."), campaigns=12,
    ),
    Client(
        name="Kornblume Naturkosmetik", currency="EUR", timezone="Europe/Berlin", timezone_id=47, offset_hours=1.0,
        country="DE", city="Freiburg", site="kornblume-natur.example", username="kornblume.natur",
        category="Beauty, Cosmetic & Personal Care", cpm=760, order_value=5290, daily_budget=18_000,
        geo=(
            ("DE", "Bayern", 0.2), ("DE", "Nordrhein-Westfalen", 0.22), ("DE", "Berlin", 0.14), ("DE", "Hessen", 0.1),
            ("AT", "Wien", 0.12), ("AT", "Tirol", 0.05), ("CH", "Zürich", 0.09), ("FR", "Grand Est", 0.08),
        ),
        products=("Hafer Creme", "Rosen Serum", "Sonnenpflege", "Badeöl"),
        slogans=("Pflege, die nach Garten duftet.", "Weniger Zutaten, mehr Haut."), locale=5, campaigns=10,
        interests=("Natural skin care", "Beauty"),
    ),
    Client(
        name="Mizuumi Onsen Ryokan", currency="JPY", timezone="Asia/Tokyo", timezone_id=70, offset_hours=9.0,
        country="JP", city="Hakone", site="mizuumi-onsen.example", username="mizuumi_onsen", category="Hotel Resort",
        cpm=640, order_value=38_500, daily_budget=21_000,
        geo=(
            ("JP", "Tokyo", 0.36), ("JP", "Kanagawa Prefecture", 0.2), ("JP", "Osaka Prefecture", 0.16),
            ("JP", "Aichi Prefecture", 0.11), ("JP", "Fukuoka Prefecture", 0.07), ("TW", "Taipei City", 0.1),
        ),
        products=("湖畔の一泊", "紅葉プラン", "朝食付き露天風呂"),
        slogans=("湖と湯けむりの週末。", "平日がいちばん静か。"), locale=11, campaigns=8,
        interests=("Hot springs", "Travel"),
    ),
    Client(
        name="Clínica Vale Verde", currency="BRL", timezone="America/Sao_Paulo", timezone_id=25, offset_hours=-3.0,
        country="BR", city="Campinas", site="clinicavaleverde.example", username="clinicavaleverde",
        category="Medical Center", cpm=1390, order_value=18_900, daily_budget=26_000,
        geo=(
            ("BR", "São Paulo (state)", 0.52), ("BR", "Minas Gerais", 0.18), ("BR", "Rio de Janeiro (state)", 0.16),
            ("BR", "Paraná", 0.09), ("BR", "Bahia", 0.05),
        ),
        products=("Avaliação odontológica", "Check-up completo", "Consulta dermatológica"),
        slogans=("Cuidado perto de casa.", "Agende pelo celular em um minuto."), locale=16, campaigns=7,
        interests=("Well-being", "Health care"),
    ),
    Client(
        name="Copperline Fitness", currency="USD", timezone="America/Los_Angeles", timezone_id=1, offset_hours=-8.0,
        country="US", city="Sacramento", site="copperline.example", username="copperlinefit",
        category="Gym/Physical Fitness Center", cpm=1060, order_value=4900, daily_budget=9_000, geo=US[:4],
        products=("Founding membership", "Morning classes"), slogans=("Stronger by Friday.",), status=2,
        disable_reason=3, campaigns=3,
    ),
)  # fmt: skip

_FIRST = "Alder Birch Cedar Drift Ember Fjord Grove Heron Iris Juniper Kestrel".split()
_SECOND = "Bakery Dental Cycles Interiors Optics Travel Yoga Books Toys Pets".split()


def roster(count: int) -> tuple[Client, ...]:
    """The five named clients, then as many small ones as are asked for."""
    return CLIENTS[:count] + tuple(_small(number) for number in range(count - len(CLIENTS)))


def _small(number: int) -> Client:
    model = CLIENTS[number % 4]
    name = f"{_FIRST[number % len(_FIRST)]} {_SECOND[number % len(_SECOND)]} {number + 1:02d}"
    slug = name.lower().replace(" ", "")
    return Client(
        name=name, currency=model.currency, timezone=model.timezone, timezone_id=model.timezone_id,
        offset_hours=model.offset_hours, country=model.country, city=model.city, site=f"{slug}.example", username=slug,
        category="Local Service", cpm=model.cpm, order_value=model.order_value, daily_budget=model.daily_budget // 6,
        geo=model.geo, products=model.products[:2], slogans=model.slogans, locale=model.locale, campaigns=2,
    )  # fmt: skip
