from __future__ import annotations

import django_filters

from calls.api.filters import NumberFilter
from subscriptions.api.kit.filters import Filters, after, before

from ..models import TextMessage


class TextMessageFilters(Filters):
    direction = django_filters.ChoiceFilter(choices=TextMessage.Direction.choices)
    external_source = django_filters.CharFilter()
    external_id = django_filters.CharFilter()
    customer_phone_number = NumberFilter("customer_phone_number")
    tracking_phone_number = NumberFilter("tracker__phone_number")
    sent_at_after = after("sent_at")
    sent_at_before = before("sent_at")
