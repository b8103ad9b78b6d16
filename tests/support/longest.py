"""The files whose tests take longest. They start first, so that no worker has one left when the others are done."""

from __future__ import annotations

LONGEST = """
    tests/crash/test_wedged_cluster.py
    tests/crash/test_chaos_short.py
    tests/crash/test_two_clusters.py
    tests/crash/test_bench_short.py
    tests/integration/test_tenants_at_every_address.py
    tests/integration/test_admin_tenancy.py
    tests/browser/test_admin_call.py
    tests/browser/test_admin_first_day.py
    tests/integration/test_endpoint_order_and_rate.py
    tests/browser/test_accessibility.py
    tests/integration/vendor_api/test_call_totals.py
    tests/integration/test_admin_page_query_counts.py
    tests/integration/test_twilio_day.py
    tests/integration/vendor_import/test_import_from_vendor.py
    tests/browser/test_admin_logs.py
    tests/integration/test_embedded_postgres.py
    tests/integration/test_send_now.py
    tests/integration/test_admin_log_query_counts.py
    tests/integration/test_api_schemathesis.py
    tests/integration/test_api_hostile.py
    tests/integration/test_security_opaque_parameters.py
    tests/integration/test_api_out_of_order.py
    tests/browser/test_capture_script.py
    tests/integration/vendor_api/test_paging.py
    tests/integration/test_waiting_deliveries_block_nobody.py
    tests/hostile/test_deadlines.py
    tests/unit/test_settings_fail_loudly.py
    tests/unit/test_verify_snippets.py
""".split()


def place_of(file: str) -> int:
    """Where its tests come in a run."""
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)
