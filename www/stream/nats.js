/** A NATS server's messages over a WebSocket: as they come, or with JetStream from where one likes and none missing. */

/** @import { Kind, Outlet, Source, Tools } from "./source.js" */
/** @import { NatsConnection } from "@nats-io/nats-core" */
/** @import { Consumers, OrderedConsumerOptions } from "@nats-io/jetstream" */
/** @typedef {typeof import("../more/nats.js")} Library fetched on use */

import { forbidden } from "./address.js";
import { Broken } from "./source.js";

/** Set by the build. */
/* global __NATS__ */

/** Messages that are asked for at a time: so many may wait here. */
const MOST_MESSAGES = 500;
/** How often the server is asked whether it is there, and how many answers may be missing. */
const PING_MS = 20_000, MOST_PINGS = 2;
/** How long it may take to reach a server. */
const TIMEOUT_MS = 10_000;
/** The server's code for a subject that the stream does not take. */
const OTHER_SUBJECTS = 10093;

/**
 * @typedef {object} Given
 * @property {string | string[]} nats
 * @property {string} subject
 * @property {string} [stream]
 * @property {"new" | "all" | number | Date} [from]
 * @property {string} [user]
 * @property {string} [pass]
 * @property {string} [token]
 */

/** @type {Kind} */
export const nats = {
  options: ["subject", "stream", "from", "user", "pass", "token"],
  make(given, tools) {
    check(given, tools);
    return given.stream === undefined ? new Subscription(given, tools) : new Replay(given, tools);
  },
};

/** @param {Given} given @param {Tools} tools */
function check({ nats, subject, stream, from, user, pass, token }, { ClickfoldError }) {
  const wrong = (/** @type {string} */ what, /** @type {unknown} */ found) => new ClickfoldError("BAD_QUERY", `${what}, found ${JSON.stringify(found)}`);
  const servers = [nats].flat();
  if (!servers.length || !servers.every(isSocket)) throw wrong(`"nats" is the address of a server's WebSocket listener, such as "wss://nats.example.com", or a list of them`, servers.length ? bare(servers.find(server => !isSocket(server))) : []);
  if (typeof subject !== "string" || !/^[^\s.]+(\.[^\s.]+)*$/.test(subject)) throw wrong(`"subject" is what the messages are published under, such as "shop.events" or "shop.>"`, subject);
  if (stream !== undefined && (typeof stream !== "string" || !/^[^\s.*>/\\]+$/.test(stream))) throw wrong(`"stream" is the name of a JetStream stream`, stream);
  if (from !== undefined && stream === undefined) throw new ClickfoldError("BAD_QUERY", `"from" needs a "stream": without JetStream a server keeps no messages`);
  const isTime = from instanceof Date && !Number.isNaN(from.getTime()), isNumber = Number.isSafeInteger(from) && /** @type {number} */ (from) > 0;
  if (from !== undefined && !isTime && !isNumber && from !== "new" && from !== "all") throw wrong(`"from" is "new", "all", a message's number from 1 on, or a Date`, from);
  for (const [name, value] of Object.entries({ user, pass, token })) if (value !== undefined && typeof value !== "string") throw new ClickfoldError("BAD_QUERY", `"${name}" is a text, found a value of type ${typeof value}`); // it may be secret
}

/** An address without what may be secret. @param {unknown} address */
const bare = address => String(address).replace(/\/\/[^/]*@/, "//").replace(/[?#].*/s, "");

/** @param {unknown} address */
const isSocket = address => typeof address === "string" && /^wss?:\/\//i.test(address) && URL.canParse(address);

/** @param {Tools} tools @returns {Promise<Library>} */
async function fetched({ ClickfoldError }) {
  try {
    return await import(new URL(__NATS__, import.meta.url).href);
  } catch {
    throw new ClickfoldError("SOURCE_LOST", "what speaks with NATS servers cannot be fetched; is there a network?");
  }
}

/** What both ways to read have in common. */
class Client {
  /** Whether it was there once. */
  wasOpen = false;

  /** @param {Given} given @param {Tools} tools */
  constructor(given, tools) {
    this.given = given;
    this.tools = tools;
  }

  /**
   * Reads for as long as the connection holds.
   * @param {Outlet} outlet
   * @param {(connection: NatsConnection, library: Library) => Promise<void>} read
   */
  async connected({ signal }, read) {
    const library = await fetched(this.tools), connection = await this.#reach(library, signal);
    if (!connection) return;
    const end = () => connection.close();
    signal.addEventListener("abort", end);
    try {
      await read(connection, library);
      throw await connection.closed();
    } catch (error) {
      if (!signal.aborted) throw this.#explained(error, library);
    } finally {
      signal.removeEventListener("abort", end);
      await connection.close();
    }
  }

  /** @param {Library} library @param {AbortSignal} signal @returns {Promise<NatsConnection | undefined>} nothing, where nobody waits any more */
  async #reach(library, signal) {
    const { nats, user, pass, token } = this.given;
    const reaching = library.wsconnect({ servers: nats, user, pass, token, reconnect: false, timeout: TIMEOUT_MS, pingInterval: PING_MS, maxPingOut: MOST_PINGS, name: "clickfold" });
    const policies = [nats].flat().map(address => forbidden(new URL(address)));
    const aborted = new Promise(resolve => signal.aborted ? resolve(undefined) : signal.addEventListener("abort", () => resolve(undefined), { once: true }));
    try {
      const connection = await Promise.race([reaching, aborted]);
      if (!connection) reaching.then(connection => connection.close(), () => {}); // of no interest any more
      return connection;
    } catch (error) {
      const policy = (await Promise.all(policies.map(isForbidden => isForbidden()))).find(Boolean);
      throw policy ?? this.#explained(error, library);
    } finally {
      for (const isForbidden of policies) isForbidden();
    }
  }

  /** What went wrong in a sentence: `Broken`, where it may be otherwise the next time. @param {any} error @param {Library} library */
  #explained(error, { errors, JetStreamApiCodes, JetStreamApiError }) {
    const { ClickfoldError } = this.tools, { nats, subject, stream } = this.given;
    const server = `the NATS server at ${[nats].flat().map(address => new URL(address).origin).join(", ")}`;
    const refused = (/** @type {string} */ why) => new ClickfoldError("SOURCE_LOST", why);
    if (error instanceof ClickfoldError) return error;
    if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
      return refused(`${server} does not let this page in (${error.message}); are the user and password, or the token, right?`);
    }
    const denied = [error, error?.cause].find(error => error instanceof errors.PermissionViolationError);
    if (denied) return refused(`${server} does not let this user ${denied.operation === "subscription" ? "subscribe to" : "publish to"} ${denied.subject}; docs/streams.md says which permissions are needed`);
    if (error instanceof JetStreamApiError) {
      if (error.code === JetStreamApiCodes.StreamNotFound) {
        const why = `${server} has no stream ${JSON.stringify(stream)}`;
        return this.wasOpen ? new Broken(`${why} any more`) : refused(why);
      }
      if (error.code === OTHER_SUBJECTS) return refused(`the stream ${JSON.stringify(stream)} takes no messages of the subject ${JSON.stringify(subject)}`);
    }
    if (error?.name === "JetStreamNotEnabled") return new Broken(`${server} does not answer for JetStream; is it switched on?`);
    if (error instanceof errors.ConnectionError || error instanceof errors.TimeoutError) {
      return new Broken(`${server} is not reached; is that its websocket listener, and do its allowed_origins and this page's policy (connect-src) let them meet?`);
    }
    return new Broken(error ? `the connection to ${server} is lost: ${error.message}` : `the connection to ${server} is lost`);
  }
}

/** Messages as they are published, and none that was not heard. @implements {Source} */
class Subscription extends Client {
  canWait = false;

  /** @param {Outlet} outlet */
  run(outlet) {
    return this.connected(outlet, async connection => {
      const failed = new Promise((_, reject) => {
        connection.subscribe(this.given.subject, { callback: (error, message) => error ? reject(error) : void outlet.take(message.data) });
      });
      await connection.flush();
      outlet.opened();
      await Promise.race([failed, connection.closed()]);
    });
  }
}

/** The messages of a stream, in its order. @implements {Source} */
class Replay extends Client {
  canWait = true;
  /** The number of the last message that was taken, or of the one before the first. @type {number | undefined} */
  #last;

  /** @param {Outlet} outlet */
  run(outlet) {
    return this.connected(outlet, async (connection, library) => {
      const { consumers } = library.jetstream(connection);
      const { from = "new" } = this.given, first = typeof from === "number" ? from : 1;
      this.#last ??= (await this.#consumer(consumers, from === "new" ? { deliver_policy: library.DeliverPolicy.New } : from instanceof Date ? { opt_start_time: from.toISOString() } : { opt_start_seq: first })).before;
      // Made anew behind a number: what the library would make after a loss of its own starts at the first message of all.
      const { consumer, before } = await this.#consumer(consumers, { opt_start_seq: this.#last + 1 });
      if (before < this.#last) {
        throw new this.tools.ClickfoldError("SOURCE_LOST", `the stream ${JSON.stringify(this.given.stream)} has begun anew: its last message is number ${before}, and number ${this.#last} was there before; connect again`);
      }
      outlet.opened();
      this.wasOpen = true;
      for await (const { seq, data } of await consumer.consume({ max_messages: MOST_MESSAGES, abort_on_missing_resource: true })) {
        if (seq <= this.#last) continue;
        if (seq >= first) await outlet.take(data, seq);
        this.#last = seq;
      }
    });
  }

  /**
   * A consumer that the server forgets by itself, and the number that it begins behind.
   * @param {Consumers} consumers @param {Partial<OrderedConsumerOptions>} options
   */
  async #consumer(consumers, options) {
    const consumer = await consumers.get(/** @type {string} */ (this.given.stream), { filter_subjects: this.given.subject, ...options });
    return { consumer, before: (await consumer.info(true)).delivered.stream_seq };
  }
}
