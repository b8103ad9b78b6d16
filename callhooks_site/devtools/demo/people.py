"""Invented people: names, places, and numbers from 555-0100 to 555-0199, the range reserved for fiction."""

import random
from dataclasses import dataclass

PLACES = {
    "205": ("Birmingham", "AL"), "213": ("Los Angeles", "CA"), "214": ("Dallas", "TX"),
    "215": ("Philadelphia", "PA"), "216": ("Cleveland", "OH"), "303": ("Denver", "CO"),
    "305": ("Miami", "FL"), "312": ("Chicago", "IL"), "313": ("Detroit", "MI"), "314": ("St. Louis", "MO"),
    "402": ("Omaha", "NE"), "404": ("Atlanta", "GA"), "407": ("Orlando", "FL"), "410": ("Baltimore", "MD"),
    "412": ("Pittsburgh", "PA"), "414": ("Milwaukee", "WI"), "415": ("San Francisco", "CA"),
    "419": ("Toledo", "OH"), "502": ("Louisville", "KY"), "503": ("Portland", "OR"),
    "504": ("New Orleans", "LA"), "505": ("Albuquerque", "NM"), "512": ("Austin", "TX"),
    "513": ("Cincinnati", "OH"), "515": ("Des Moines", "IA"), "602": ("Phoenix", "AZ"),
    "605": ("Sioux Falls", "SD"), "612": ("Minneapolis", "MN"), "614": ("Columbus", "OH"),
    "615": ("Nashville", "TN"), "617": ("Boston", "MA"), "619": ("San Diego", "CA"),
    "702": ("Las Vegas", "NV"), "704": ("Charlotte", "NC"), "713": ("Houston", "TX"),
    "716": ("Buffalo", "NY"), "801": ("Salt Lake City", "UT"), "802": ("Burlington", "VT"),
    "803": ("Columbia", "SC"), "804": ("Richmond", "VA"), "808": ("Honolulu", "HI"), "813": ("Tampa", "FL"),
    "816": ("Kansas City", "MO"), "817": ("Fort Worth", "TX"), "901": ("Memphis", "TN"),
    "904": ("Jacksonville", "FL"), "907": ("Anchorage", "AK"), "916": ("Sacramento", "CA"),
    "919": ("Raleigh", "NC"),
}  # fmt: skip

FIRST_NAMES = (
    "Ana", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hana", "Iván", "Jolie", "Kemal", "Lucía",
    "Marco", "Nadia", "Owen", "Priya", "Quinn", "Rosa", "Søren", "Tariq", "Uma", "Viktor", "Wendy", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Berg", "Castillo", "Dunn", "Eriksen", "Fontaine", "García", "Hughes", "Ito", "Jansen",
    "Kowalski", "Lindqvist", "Moreau", "Novak", "O’Brien", "Park", "Quist", "Reyes", "Singh", "Tanaka",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    phone: str
    city: str
    state: str
    email: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


class RandomPeople:
    """Picks random people; repeats no number until all are used. Use one per thread."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def pick_person(self) -> Person:
        if len(self._used) >= len(PLACES) * 100:
            self._used.clear()  # in a long run people call again
        while True:
            code = self._rng.choice(tuple(PLACES))
            phone = f"+1{code}55501{self._rng.randrange(100):02d}"
            if phone not in self._used:
                break
        self._used.add(phone)
        city, state = PLACES[code]
        name = f"{self._rng.choice(FIRST_NAMES)} {self._rng.choice(LAST_NAMES)}"
        email = f"customer-{self._rng.randrange(16**8):08x}@example.com"
        return Person(name, phone, city, state, email)
