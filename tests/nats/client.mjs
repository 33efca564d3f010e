// A practitioner's client with nothing but their own token. It is told on standard input where to
// go and as whom, receives what is theirs, says that it did, and then tries everything else.
// What came of it is printed as one JSON object.

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { text } from "node:stream/consumers";

const TIMEOUT = 10_000;
const SOON = 500;
const OURS = { domain: "tandem" };
const told = JSON.parse(await text(process.stdin));
const { url, token, reader, other } = told;
const options = { servers: url, token, inboxPrefix: `_INBOX_${reader}`, reconnect: false };

const nc = await connect(options);
const found = { received: await receive(nc, told.expected), answers: [], attempts: {} };
for (const message of found.received) {
  const answer = await nc.request(`ack.${reader}`, say(message), { timeout: TIMEOUT });
  found.answers.push(answer.json());
}
await nc.drain();

for (const [name, attempt] of Object.entries(attempts())) {
  // A connection each, so that what the server says of one attempt is about that one.
  const fresh = await connect(options);
  found.attempts[name] = await outcome(fresh, attempt);
  await fresh.close();
}
for (const [name, changed] of Object.entries(strangers())) {
  found.attempts[name] = await admission({ ...options, ...changed });
}
console.log(JSON.stringify(found));

// The pointers that are theirs, each acknowledged to the server once it is here.
async function receive(nc, count) {
  const consumer = await jetstream(nc, OURS).consumers.get("CARE", reader);
  const messages = await consumer.consume({ max_messages: 10 });
  const stop = setTimeout(() => messages.stop(), TIMEOUT);
  const received = [];
  for await (const message of messages) {
    received.push(message.json());
    await message.ackAck();
    if (received.length >= count) break;
  }
  clearTimeout(stop);
  return received;
}

// What is said about one pointer: `says`, with the pointer's id.
function say(message) {
  return JSON.stringify({ ...told.says, notification: message.id });
}

// "refused: …" if the server says that it is not permitted, "allowed: …" for anything else.
async function outcome(nc, attempt) {
  let violation;
  const watch = (async () => {
    for await (const status of nc.status()) {
      if (status.type === "error" && isViolation(status.error)) violation = status.error;
    }
  })();
  try {
    const result = await attempt(nc);
    await nc.flush();
    return violation ? `refused: ${violation.message}` : `allowed: ${JSON.stringify(result)}`;
  } catch (error) {
    const cause = violation ?? error.cause ?? error;
    return isViolation(cause) ? `refused: ${cause.message}` : `allowed?: ${error.message}`;
  } finally {
    await nc.close();
    await watch;
  }
}

async function admission(how) {
  try {
    await (await connect(how)).close();
    return "allowed: a connection";
  } catch (error) {
    const refused = error.name === "AuthorizationError";
    return `${refused ? "refused" : "allowed?"}: ${error.message}`;
  }
}

function isViolation(error) {
  return error?.name === "PermissionViolationError";
}

function asking(subject, body = "") {
  return (nc) => nc.request(subject, body, { timeout: SOON }).then((answer) => answer.string());
}

function managing(what) {
  return async (nc) => what(await jetstreamManager(nc, { ...OURS, checkAPI: false, timeout: SOON }));
}

function hearing(subject) {
  return (nc) =>
    new Promise((resolve, reject) => {
      nc.subscribe(subject, { callback: (error) => (error ? reject(error) : resolve("heard")) });
      setTimeout(() => resolve("may listen"), SOON);
    });
}

function attempts() {
  return {
    "another reader's consumer": (nc) => jetstream(nc, OURS).consumers.get("CARE", other),
    "pulling as another reader": asking(`$JS.tandem.API.CONSUMER.MSG.NEXT.CARE.${other}`, '{"batch":1}'),
    "acknowledging for another reader": asking(`ack.${other}`, "{}"),
    "moving another reader's cursor": asking(`$JS.ACK.CARE.${other}.1.1.1.1.0`, "+ACK"),
    "publishing to another reader": (nc) => jetstream(nc, OURS).publish(`care.${other}`, "{}"),
    "publishing to oneself": (nc) => jetstream(nc, OURS).publish(`care.${reader}`, "{}"),
    "stream info": managing((m) => m.streams.info("CARE")),
    "streams": managing((m) => m.streams.list().next()),
    "the account's own JetStream": (nc) => jetstream(nc).consumers.get("CARE", reader),
    "a message by its number": managing((m) => m.streams.getMessage("CARE", { seq: 1 })),
    "direct get": managing((m) => m.direct.getMessage("CARE", { seq: 1 })),
    "direct get of another's last": managing((m) =>
      m.direct.getMessage("CARE", { last_by_subj: `care.${other}` }),
    ),
    "a consumer with another filter": managing((m) =>
      m.consumers.add("CARE", { durable_name: "x", filter_subject: `care.${other}` }),
    ),
    "another filter on one's own consumer": managing((m) =>
      m.consumers.add("CARE", { durable_name: reader, filter_subject: `care.${other}` }),
    ),
    "an ordered consumer of all": (nc) => jetstream(nc, OURS).consumers.get("CARE"),
    "consumers": managing((m) => m.consumers.list("CARE").next()),
    "deleting one's own consumer": managing((m) => m.consumers.delete("CARE", reader)),
    "purging": managing((m) => m.streams.purge("CARE")),
    "a stream of one's own": managing((m) => m.streams.add({ name: "X", subjects: ["x"] })),
    "the account": managing((m) => m.getAccountInfo()),
    "everything": hearing(">"),
    "everybody's pointers": hearing("care.*"),
    "another reader's pointers": hearing(`care.${other}`),
    "everybody's acknowledgements": hearing("ack.*"),
    "another reader's inbox": hearing(`_INBOX_${other}.>`),
    "the usual inboxes": hearing("_INBOX.>"),
    "answers between accounts": hearing("_R_.>"),
    "JetStream's advisories": hearing("$JS.EVENT.>"),
    "the system's events": hearing("$SYS.>"),
    "the system": asking("$SYS.REQ.SERVER.PING"),
    "who one is, of the system": asking("$SYS.REQ.USER.INFO"),
    "the callout": asking("$SYS.REQ.USER.AUTH"),
  };
}

// Who gets no connection at all.
function strangers() {
  return {
    "no token": { token: undefined },
    "an altered token": { token: `${token.slice(0, -8)}AAAAAAAA` },
    "our own user, by guess": { token: undefined, user: "relay", pass: "relay" },
  };
}
