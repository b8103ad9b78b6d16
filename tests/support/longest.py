"""The files whose tests take longest. They start first, so that no worker has one left when the others are done."""

from __future__ import annotations

LONGEST = """
    tests/crash/test_bench_short.py
    tests/crash/test_wedged_cluster.py
    tests/crash/test_chaos_short.py
    tests/crash/test_prometheus_alerts.py
    tests/crash/test_drills_short.py
    tests/crash/test_two_clusters.py
    tests/integration/test_tenants_at_every_address.py
    tests/integration/test_admin_tenancy.py
    tests/integration/vendor_contract/test_vendor_contract_walks.py
    tests/integration/test_embedded_postgres.py
    tests/integration/test_security_opaque_parameters.py
    tests/integration/vendor_import/test_import_from_vendor.py
    tests/unit/test_verify_snippets.py
    tests/integration/test_endpoint_order_and_rate.py
    tests/integration/test_security_odd_values_v3.py
    tests/integration/test_admin_page_query_counts.py
    tests/integration/test_admin_import_columns.py
    tests/integration/test_api_schemathesis.py
    tests/integration/test_admin_calls.py
    tests/integration/test_form_events.py
    tests/integration/test_firing_call_modified.py
    tests/integration/test_waiting_deliveries_block_nobody.py
    tests/integration/test_numbers_by_country.py
    tests/integration/test_subscription_filters.py
    tests/integration/test_twilio_day.py
    tests/integration/test_admin_bounded_lists.py
    tests/integration/test_api_hostile.py
    tests/integration/delivery_log/test_admin_deliveries.py
    tests/integration/vendor_api/test_call_totals.py
    tests/integration/test_own_outage.py
    tests/integration/test_endpoint_isolation.py
    tests/integration/test_send_now.py
    tests/integration/test_api_docs_examples.py
    tests/hostile/test_deadlines.py
""".split()


def place_of(file: str) -> int:
    """Where its tests come in a run."""
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)
