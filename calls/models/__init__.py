from .attribution import Attribution
from .call import Call
from .person import Person
from .person_merge import PersonMerge
from .tag import Tag
from .tracker import Tracker

__all__ = ["Attribution", "Call", "Person", "PersonMerge", "Tag", "Tracker"]
