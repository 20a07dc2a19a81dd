"""A database as the first version left it, with data of every kind."""

from sqlalchemy import text

from mlcore.store import upgrade
from mlcore.store.connect import is_postgresql
from mlcore.store.engine import open_sync

_ROWS = """
INSERT INTO lists (id, list_id, list_name, mail_host, display_name, description, subject_prefix,
    preferred_language, allow_list_posts, include_rfc2369_headers, reply_goes_to_list, reply_to_address,
    first_strip_reply_to, advertised, post_id, last_post_at, roster_version, created_at) VALUES
    (1, 'ant.example.com', 'ant', 'example.com', 'Ant', 'About ants', '[Ant] ', 'de', TRUE, FALSE,
    'point_to_list', '', FALSE, TRUE, 7, 12.5, 3, 1000.0),
    (2, 'bee.example.org', 'bee', 'example.org', 'Bee', '', '', 'en', FALSE, TRUE,
    'no_munging', 'r@example.org', TRUE, FALSE, 1, NULL, 0, 2000.0),
    (3, 'cow.example.com', 'cow', 'example.com', 'Cow', '', '', 'en', TRUE, TRUE,
    'no_munging', '', FALSE, TRUE, 1, NULL, 0, 3000.0);
INSERT INTO addresses (id, address, address_key, display_name, created_at, verified_at) VALUES
    (1, 'Anne@Example.org', 'anne@example.org', 'Anne Person', 5.0, NULL),
    (2, 'bart@example.net', 'bart@example.net', '', 6.0, 7.0),
    (3, 'spam@example.net', 'spam@example.net', '', 8.0, NULL),
    (4, 'olga@example.org', 'olga@example.org', 'Olga', 9.0, NULL);
INSERT INTO members (id, member_uuid, list, address, role, delivery_mode, delivery_status, own_postings,
    list_copy, display_name, subscribed_at) VALUES
    (1, 'u1', 1, 1, 'member', 'regular', 'enabled', TRUE, TRUE, 'Annie', 10.0),
    (2, 'u2', 1, 2, 'member', 'mime_digests', 'by_bounces', FALSE, FALSE, '', 11.0),
    (3, 'u3', 2, 1, 'moderator', 'regular', 'enabled', TRUE, TRUE, '', 12.0),
    (4, 'u4', 1, 3, 'nonmember', 'regular', 'enabled', TRUE, TRUE, '', 13.0),
    (5, 'u5', 1, 4, 'owner', 'regular', 'enabled', TRUE, TRUE, '', 14.0);
INSERT INTO post_numbers (entry, list, number, taken_at) VALUES
    ('e1', 1, 6, 12.5);
INSERT INTO held (id, spool, entry, list, sender, subject, reasons, arrived_at, held_at) VALUES
    (3, 's', 'e2', 1, 'spam@example.net', 'Buy', 'not a member', 15.0, 16.0);
INSERT INTO delivery_failures (entry, number, list_id, address, code, enhanced, text, policy, at) VALUES
    ('e1', 0, 'ant.example.com', 'bart@example.net', 550, '5.1.1', 'no such user', FALSE, 17.0);
UPDATE generation SET number = 9
"""


def make_old(url: str) -> None:
    """Makes a database of revision 0001 at `url`, with three lists and their people."""
    upgrade.state(url)  # makes the file
    upgrade.migrate(url, "0001")
    with open_sync(url) as connection:
        for statement in _ROWS.split(";\n"):
            connection.execute(text(statement))
        if is_postgresql(url):
            for table in ("lists", "addresses", "members", "held"):
                # the numbers above did not come from the counter
                counter = f"pg_get_serial_sequence('{table}', 'id')"
                connection.execute(text(f"SELECT setval({counter}, (SELECT max(id) FROM {table}))"))
