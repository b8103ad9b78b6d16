from .attribution import Attribution
from .call import Call
from .person import Person, PersonMerge
from .tag import Tag
from .tracker import Tracker

__all__ = ["Attribution", "Call", "Person", "PersonMerge", "Tag", "Tracker"]
