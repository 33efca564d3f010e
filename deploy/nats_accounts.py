"""Who may do what on the NATS server: its accounts, and the secrets of our own two users.

- `TANDEM` holds the stream. Only we are in it.
- `READERS` is where practitioners are: no stream, and four doors into `TANDEM`. What is answered
  there stays there: with readers beside the stream, an answer of JetStream's or ours could be sent
  to `care.<somebody else>`, since no server asks whether the subject to answer on is one's own.
- `CALLOUT` is asked who a stranger is (see `workers.callout`); nobody else hears what they sent.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.nkeys import ACCOUNT, CURVE, AccountKey, CurveKey, new_seed
from deploy.secret_files import read_or_create

READERS: Final = "READERS"
RELAY, CALLOUT = "relay", "callout"
"""Our own users: one publishes and hears acknowledgements, one says who a stranger is."""

DOMAIN: Final = "tandem"
"""What readers call our JetStream, as clients can (`jetstream(nc, { domain: "tandem" })`). The
plain `$JS.API` of their account is answered by the server itself: there is none."""

DOORS: Final = (
    ("$JS.API.CONSUMER.MSG.NEXT.CARE.*", f"$JS.{DOMAIN}.API.CONSUMER.MSG.NEXT.CARE.*", "stream"),
    ("$JS.API.CONSUMER.INFO.CARE.*", f"$JS.{DOMAIN}.API.CONSUMER.INFO.CARE.*", "singleton"),
    ("$JS.ACK.CARE.*.>", "$JS.ACK.CARE.*.>", "singleton"),
    ("ack.*", "ack.*", "singleton"),
)
"""What practitioners may ask of us at all: with us, with them, and how many answers each gives."""

LONGEST_CONNECT: Final = 12 * 1024
"""The longest line that the server takes: a token of 8 KiB, and what is said with it."""

CALLOUT_WITHIN_SECONDS: Final = 5


@dataclass(frozen=True)
class NatsSecrets:
    """What authenticates us to the server, and what it believes about others because we say so."""

    passwords: dict[str, str] = field(repr=False)
    issuer: AccountKey = field(repr=False)
    curve: CurveKey = field(repr=False)


def open_nats_secrets(secrets_dir: Path) -> NatsSecrets:
    """The secrets kept in this folder, each made on first use, mode 0600."""
    users = {
        user: read_or_create(secrets_dir / f"nats-{user}-password") for user in (RELAY, CALLOUT)
    }
    issuer = read_or_create(secrets_dir / "nats-issuer.nk", lambda: new_seed(ACCOUNT))
    curve = read_or_create(secrets_dir / "nats-callout.xk", lambda: new_seed(CURVE))
    return NatsSecrets(users, AccountKey(issuer), CurveKey(curve))


def accounts(secrets: NatsSecrets) -> str:
    """The part of a server's configuration that says who may do what. It holds two passwords."""
    exports = "\n".join(
        f'    {{ service: "{subject}", response_type: {answers}, accounts: [{READERS}] }}'
        for subject, _, answers in DOORS
    )
    imports = "\n".join(
        f'    {{ service: {{ account: TANDEM, subject: "{subject}" }}, to: "{there}" }}'
        for subject, there, _ in DOORS
    )
    return f"""\
accounts {{
  SYS {{}}
  CALLOUT {{ users: [
    {{ user: {CALLOUT}, password: {_quoted(secrets.passwords[CALLOUT])}, permissions: {{
      subscribe: "$SYS.REQ.USER.AUTH", publish: {{ deny: ">" }}, allow_responses: true }} }} ] }}
  TANDEM {{
    jetstream: enabled
    users: [ {{ user: {RELAY}, password: {_quoted(secrets.passwords[RELAY])} }} ]
    exports: [
{exports}
    ]
  }}
  {READERS} {{ imports: [
{imports}
  ] }}
}}
system_account: SYS
authorization {{
  timeout: {CALLOUT_WITHIN_SECONDS}
  auth_callout {{
    issuer: {secrets.issuer.public}
    xkey: {secrets.curve.public}
    account: CALLOUT
    auth_users: [ {RELAY}, {CALLOUT} ]
  }}
}}
max_control_line: {LONGEST_CONNECT}
"""


def _quoted(secret: str) -> str:
    return json.dumps(secret)
