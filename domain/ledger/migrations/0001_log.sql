-- The log: every event of every stream, in one total order, and the only way into it.
--
-- Run as `tandem_log_owner`, which cannot log in and owns the schema `ledger`. Roles that exist
-- already: `tandem_service` (API and workers), `tandem_projector` (read models).

CREATE TABLE ledger.log (
    originator_id      uuid        NOT NULL,
    originator_version bigint      NOT NULL,
    topic              text        NOT NULL,
    state              bytea       NOT NULL,
    notification_id    bigint      NOT NULL,
    recorded_at        timestamptz NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);

COMMENT ON TABLE ledger.log IS
    'The only truth. notification_id is the position: dense, in commit order. Append-only.';
COMMENT ON COLUMN ledger.log.recorded_at IS
    'One value per command, strictly increasing: a moment names a position, and never cuts a command in two.';

CREATE UNIQUE INDEX log_position ON ledger.log (notification_id);
-- With the position inside, the position that a moment names is read from the index alone.
CREATE INDEX log_moment ON ledger.log (recorded_at, notification_id);

CREATE TABLE ledger.commands (
    id      uuid   PRIMARY KEY,
    request bytea,
    first   bigint NOT NULL,
    last    bigint NOT NULL CHECK (last >= first)
);

COMMENT ON TABLE ledger.commands IS
    'What each command appended: positions first to last. A retry finds its own result here.';

CREATE TABLE ledger.kept (
    client uuid  NOT NULL,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (client, digest)
);

COMMENT ON TABLE ledger.kept IS 'Bytes that were released, sealed with the client''s key.';

CREATE TABLE ledger.epoch (
    number            integer     PRIMARY KEY,
    id                uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    opened_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    after             bigint      NOT NULL,
    why               text        NOT NULL,
    system_identifier text        NOT NULL,
    timeline          text        NOT NULL
);

COMMENT ON TABLE ledger.epoch IS
    'One row per life of the log: a restore or failover may have lost its end, so that a position '
    'alone no longer names one event for ever. Epoch and position together do.';


-- Append-only even by mistake of the owner. Not a defence against a superuser, who can switch
-- triggers off: that takes a proof outside the database.
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% of ledger.% is refused: the log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.log
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.commands
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.epoch
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


-- Which server this is: changes by a promotion, a point-in-time restore, or a restored dump.
-- Read by whoever starts, to notice that a new epoch is due.
CREATE FUNCTION ledger.server_identity(OUT system_identifier text, OUT timeline text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.system_identifier::text,
           CASE WHEN pg_is_in_recovery() THEN 'in recovery'
                ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END
      FROM pg_control_system() s
$$;

-- For the operator after a restore or a failover, never for the service.
CREATE FUNCTION ledger.open_epoch(why text) RETURNS uuid
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO ledger.epoch (number, after, why, system_identifier, timeline)
    SELECT (SELECT coalesce(max(e.number), 0) + 1 FROM ledger.epoch e),
           (SELECT coalesce(max(l.notification_id), 0) FROM ledger.log l),
           why, s.system_identifier, s.timeline
      FROM ledger.server_identity() s
    RETURNING id
$$;

-- An erasure destroys the key; the bytes that it sealed need not be kept either.
CREATE FUNCTION ledger.purge_kept(of_client uuid) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH purged AS (DELETE FROM ledger.kept WHERE client = of_client RETURNING 1)
    SELECT count(*) FROM purged
$$;


-- Appends the commands of one call. Means the same as evaluating them in order, each seeing those
-- before it: a command that rests on a stream which an earlier one of this call writes is judged
-- on what that one wrote.
--
-- Commands: id, request, not_after, and the index of the last event and of the last guard of each
-- in the arrays e_… and g_…, which follow in the order of the commands. e_command and k_command
-- name the command that an event, or a kept row, belongs to. An event without a version goes to
-- the end of its stream. g_topics: topics separated by line feeds; NULL: any topic.
--
-- Answers one row per command, in order: 'appended' or 'replayed' with its positions and time,
-- else why not: 'version', 'guard', 'expired', 'key_reused'.
--
-- Checks are index lookups in a loop; what was accepted is then inserted at once. The plans are
-- pinned, since one that was cached while the log was empty would scan the whole of it for ever.
-- Every expression is set up anew in each transaction, at about a microsecond: hence few of them
-- on the path that most commands take.
CREATE FUNCTION ledger.append_events(
    c_id uuid[], c_request bytea[], c_not_after timestamptz[], c_events integer[], c_guards integer[],
    e_command integer[], e_stream uuid[], e_version bigint[], e_topic text[], e_state bytea[],
    g_stream uuid[], g_version bigint[], g_topics text[],
    k_command integer[], k_client uuid[], k_digest bytea[], k_sealed bytea[]
) RETURNS TABLE (outcome text, first_position bigint, last_position bigint, at timestamptz)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
AS $$
DECLARE
    position bigint;        -- the last one given out, here or before
    moment timestamptz;     -- the last one given out, here or before
    mine timestamptz;       -- the moment of the command at hand, should it be accepted
    e_from integer; e_to integer := 0;
    g_from integer; g_to integer := 0;
    head bigint;            -- version of the last event of a stream, as this command sees it
    known record;
    version bigint[] := e_version;      -- of each event, once judged
    verdicts text[];                    -- of each command, and where what it appended is
    firsts bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(c_id)]);
    lasts bigint[] := firsts;
    moments timestamptz[] := array_fill(NULL::timestamptz, ARRAY[cardinality(c_id)]);
BEGIN
    -- An older snapshot would not see what was appended while waiting for the lock, and an append
    -- is answered only once it is durable.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted')
       OR current_setting('synchronous_commit') = 'off' THEN
        RAISE EXCEPTION 'append_events requires READ COMMITTED and synchronous_commit'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;

    -- Held to the end of the transaction: positions are given out in commit order.
    PERFORM pg_advisory_xact_lock(7230846112);
    SELECT l.notification_id, l.recorded_at INTO position, moment
      FROM ledger.log l ORDER BY l.notification_id DESC LIMIT 1;

    <<commands>>
    FOR i IN 1 .. cardinality(c_id) LOOP
        e_from := e_to + 1; e_to := c_events[i];
        g_from := g_to + 1; g_to := c_guards[i];

        -- Was this very command appended before: in an earlier call, or earlier in this one?
        SELECT c.request, c.first, c.last, l.recorded_at INTO known
          FROM ledger.commands c JOIN ledger.log l ON l.notification_id = c.first
         WHERE c.id = c_id[i];
        IF known.first IS NULL AND array_position(c_id, c_id[i]) < i THEN
            FOR k IN 1 .. i - 1 LOOP
                IF c_id[k] = c_id[i] AND verdicts[k] = 'appended' THEN
                    SELECT c_request[k] AS request, firsts[k] AS first, lasts[k] AS last,
                           moments[k] AS recorded_at INTO known;
                END IF;
            END LOOP;
        END IF;
        IF known.first IS NOT NULL THEN
            IF known.request IS NOT DISTINCT FROM c_request[i] THEN
                verdicts[i] := 'replayed';
                firsts[i] := known.first; lasts[i] := known.last; moments[i] := known.recorded_at;
            ELSE
                verdicts[i] := 'key_reused';
            END IF;
            CONTINUE commands;
        END IF;

        -- Judged by the time it would be recorded at, so that the log never says that something
        -- was recorded after what it rests on had ended.
        mine := greatest(clock_timestamp(), moment + interval '1 microsecond');
        IF c_not_after[i] <= mine THEN
            verdicts[i] := 'expired';
            CONTINUE commands;
        END IF;

        FOR j IN e_from .. e_to LOOP
            head := NULL;
            IF array_position(e_stream, e_stream[j]) < j THEN
                FOR k IN REVERSE j - 1 .. 1 LOOP
                    IF e_stream[k] = e_stream[j]
                       AND (k >= e_from OR verdicts[e_command[k]] = 'appended') THEN
                        head := version[k];
                        EXIT;
                    END IF;
                END LOOP;
            END IF;
            IF head IS NULL THEN
                SELECT l.originator_version INTO head FROM ledger.log l
                 WHERE l.originator_id = e_stream[j] ORDER BY l.originator_version DESC LIMIT 1;
            END IF;
            version[j] := coalesce(e_version[j], head + 1, 1);
            IF version[j] <> head + 1 OR head IS NULL AND version[j] NOT IN (0, 1) THEN
                verdicts[i] := 'version';
                CONTINUE commands;
            END IF;
        END LOOP;

        FOR j IN g_from .. g_to LOOP
            PERFORM 1 FROM ledger.log l
             WHERE l.originator_id = g_stream[j] AND l.originator_version > g_version[j]
               AND (g_topics[j] IS NULL OR l.topic = ANY (string_to_array(g_topics[j], E'\n')))
             LIMIT 1;
            IF FOUND THEN
                verdicts[i] := 'guard';
                CONTINUE commands;
            ELSIF array_position(e_stream, g_stream[j]) < e_from THEN
                FOR k IN 1 .. e_from - 1 LOOP
                    IF e_stream[k] = g_stream[j] AND verdicts[e_command[k]] = 'appended'
                       AND version[k] > g_version[j]
                       AND (g_topics[j] IS NULL
                            OR e_topic[k] = ANY (string_to_array(g_topics[j], E'\n'))) THEN
                        verdicts[i] := 'guard';
                        CONTINUE commands;
                    END IF;
                END LOOP;
            END IF;
        END LOOP;

        moment := mine;
        verdicts[i] := 'appended';
        firsts[i] := coalesce(position, 0) + 1;
        position := firsts[i] + e_to - e_from;
        lasts[i] := position;
        moments[i] := moment;
    END LOOP;

    IF array_position(verdicts, 'appended') IS NOT NULL THEN
        INSERT INTO ledger.log (originator_id, originator_version, topic, state, notification_id, recorded_at)
        SELECT e.stream, e.version, e.topic, e.state,
               firsts[e.command] + e.number - coalesce(c_events[e.command - 1], 0) - 1,
               moments[e.command]
          FROM unnest(e_command, e_stream, version, e_topic, e_state) WITH ORDINALITY
               AS e (command, stream, version, topic, state, number)
         WHERE verdicts[e.command] = 'appended';
        INSERT INTO ledger.commands (id, request, first, last)
        SELECT c.id, c.request, c.first, c.last
          FROM unnest(c_id, c_request, firsts, lasts, verdicts) AS c (id, request, first, last, verdict)
         WHERE c.verdict = 'appended';
        IF k_command <> '{}' THEN
            INSERT INTO ledger.kept (client, digest, sealed)
            SELECT k.client, k.digest, k.sealed
              FROM unnest(k_command, k_client, k_digest, k_sealed) AS k (command, client, digest, sealed)
             WHERE verdicts[k.command] = 'appended'
            ON CONFLICT DO NOTHING;
        END IF;
        PERFORM pg_notify('ledger_log', position::text);
    END IF;
    RETURN QUERY SELECT * FROM unnest(verdicts, firsts, lasts, moments);
END $$;


REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO tandem_service, tandem_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO tandem_service, tandem_projector;
GRANT EXECUTE ON FUNCTION ledger.append_events, ledger.purge_kept TO tandem_service;
GRANT EXECUTE ON FUNCTION ledger.server_identity TO tandem_service, tandem_projector;

SELECT ledger.open_epoch('installed');
