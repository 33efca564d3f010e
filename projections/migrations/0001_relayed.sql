-- How far what follows the log beside the lists has got, kept by whoever follows it.

CREATE TABLE lists.relayed (
    name     text   PRIMARY KEY,
    position bigint NOT NULL,
    target   text   NOT NULL DEFAULT ''
);

COMMENT ON TABLE lists.relayed IS
    'Positions up to which the log was followed. target: into what; what stood there is gone if '
    'that is another one now. May be thrown away: whatever is then done again changes nothing.';

GRANT INSERT, UPDATE ON lists.relayed TO tandem_service;
