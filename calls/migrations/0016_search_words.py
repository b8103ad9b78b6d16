from django.db import migrations

# Words are made of the first 2,000 characters and cut at 60: a longer key would be an error, and the row could not be
# saved. The signs would be taken for parts of a number, an address or a file name. COST keeps the planner from calling
# a function for each row where it can use the index. Nothing is looked up by an unqualified name that is not in
# pg_catalog: restoring a dump and analysing run with an empty search path.
FUNCTION = """
CREATE FUNCTION {name}({arguments}) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $made$
DECLARE
    shelf text := company || '.' || floor(extract(epoch FROM at AT TIME ZONE 'UTC') / 604800)::bigint || '.';
    signs text := '@.-_/:+=&?#%~<>''"\\';
BEGIN
    RETURN array_to_tsvector(array(
        SELECT shelf || left(word, 60)
          FROM unnest(tsvector_to_array(to_tsvector('pg_catalog.simple',
                   translate({said}, signs, repeat(' ', length(signs))))){more}) AS word
         WHERE word <> ''));
END $made$
"""
NUMBER = (
    " || array[translate(phone, '+', ''), right(translate(phone, '+', ''), 7), right(translate(phone, '+', ''), 4)]"
)
FUNCTIONS = {
    "call_words": (
        "company bigint, at timestamptz, phone text, name text, note text",
        "left(name, 200) || ' ' || left(note, 2000)",
        NUMBER,
    ),
    "text_words": ("company bigint, at timestamptz, phone text, content text", "left(content, 2000)", NUMBER),
    "form_words": (
        "company bigint, at timestamptz, fields jsonb, note text",
        "left(coalesce((SELECT string_agg(value, ' ') FROM jsonb_each_text("
        "CASE jsonb_typeof(fields) WHEN 'object' THEN fields ELSE '{}' END)), ''), 2000) || ' ' || left(note, 2000)",
        "",
    ),
}


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0015_good_leads"),
    ]

    operations = [
        migrations.RunSQL(
            FUNCTION.format(name=name, arguments=arguments, said=said, more=more),
            f"DROP FUNCTION {name}({arguments})",
        )
        for name, (arguments, said, more) in FUNCTIONS.items()
    ]
