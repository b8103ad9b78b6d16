from django.db import migrations

# As calls do (vendor_api 0002): what is added, taken away or moved marks its hour, and the sweep counts the day anew.
FUNCTIONS = """
CREATE FUNCTION reports_mark_texts() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO vendor_api_calltotalmark (company_id, hour)
    SELECT DISTINCT company_id, date_trunc('hour', sent_at, 'UTC') FROM some_texts;
    RETURN NULL;
END
$function$;
CREATE FUNCTION reports_mark_text() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO vendor_api_calltotalmark (company_id, hour)
    VALUES (OLD.company_id, date_trunc('hour', OLD.sent_at, 'UTC')),
           (NEW.company_id, date_trunc('hour', NEW.sent_at, 'UTC'));
    RETURN NULL;
END
$function$;
"""
# One short lock on the table of texts; nothing is read under it.
TRIGGERS = """
CREATE TRIGGER reports_texts_inserted AFTER INSERT ON messaging_textmessage
    REFERENCING NEW TABLE AS some_texts FOR EACH STATEMENT EXECUTE FUNCTION reports_mark_texts();
CREATE TRIGGER reports_texts_deleted AFTER DELETE ON messaging_textmessage
    REFERENCING OLD TABLE AS some_texts FOR EACH STATEMENT EXECUTE FUNCTION reports_mark_texts();
CREATE TRIGGER reports_text_updated AFTER UPDATE ON messaging_textmessage FOR EACH ROW
    WHEN ((OLD.company_id, OLD.sent_at, OLD.tracker_id, OLD.direction)
          IS DISTINCT FROM (NEW.company_id, NEW.sent_at, NEW.tracker_id, NEW.direction))
    EXECUTE FUNCTION reports_mark_text();
"""
NO_TRIGGERS = """
DROP TRIGGER IF EXISTS reports_texts_inserted ON messaging_textmessage;
DROP TRIGGER IF EXISTS reports_texts_deleted ON messaging_textmessage;
DROP TRIGGER IF EXISTS reports_text_updated ON messaging_textmessage;
DROP FUNCTION IF EXISTS reports_mark_texts();
DROP FUNCTION IF EXISTS reports_mark_text();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0001_initial"),
        ("vendor_api", "0004_call_days"),
        ("messaging", "0007_senders_without_numbers"),
    ]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, NO_TRIGGERS)]
