"""For a few hours: support modules are found under their old names too, while branches are rebased."""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

_NEW = {
    "tests.address_book": "site_addresses",
    "tests.admin_support": "admin",
    "tests.api_support": "api",
    "tests.call_life_model": "call_model",
    "tests.claiming": "claims",
    "tests.connections": "connections",
    "tests.demo_support": "demo",
    "tests.draining": "drains",
    "tests.factories": "factories",
    "tests.golden": "golden",
    "tests.past_calls": "past_calls",
    "tests.reading": "events",
    "tests.receiver": "receiver",
    "tests.receiver_support": "demo_receiver",
    "tests.stand_in_api": "fake_api",
    "tests.tenant_snapshot": "tenant_snapshot",
    "tests.threads": "threads",
    "tests.twilio_support": "twilio",
    "tests.vendor_support": "vendor_api",
    "tests.waiting": "waiting",
}


class _OldNames(MetaPathFinder, Loader):
    def find_spec(self, name, path, target=None):
        return ModuleSpec(name, self) if name in _NEW else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        sys.modules[module.__name__] = import_module(f"tests.support.{_NEW[module.__name__]}")


sys.meta_path.insert(0, _OldNames())
