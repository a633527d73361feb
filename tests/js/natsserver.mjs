// A NATS server on loopback, with WebSocket and JetStream, that can be killed and started again with what it has stored.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect as dial, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../www/package.json", import.meta.url));
const { connect } = require("@nats-io/transport-node");
const { jetstream, jetstreamManager } = require("@nats-io/jetstream");

const CACHED = join(homedir(), ".cache/clickfold/nats-server");
const BINARY = process.env.NATS_SERVER ?? (existsSync(CACHED) ? CACHED : "/usr/sbin/nats-server");

/** @param {string} [more] further lines of its configuration */
export async function startNats(more = "") {
  const folder = mkdtempSync(join(tmpdir(), "clickfold-nats-"));
  const [port, websocket, mqtt, monitor] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const config = join(folder, "nats.conf");
  writeFileSync(config, `
    listen: "127.0.0.1:${port}"
    websocket { listen: "127.0.0.1:${websocket}", no_tls: true }
    http: "127.0.0.1:${monitor}"
    server_name: "test"
    mqtt { listen: "127.0.0.1:${mqtt}" }
    jetstream { store_dir: ${JSON.stringify(folder)} }
    ${more}
  `);
  let server;
  const start = async () => {
    server = spawn(BINARY, ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    await new Promise((resolve, reject) => {
      let log = "";
      server.stderr.on("data", text => {
        log += text;
        if (log.includes("Server is ready")) resolve();
      });
      server.on("error", reject);
      server.on("exit", code => reject(new Error(`nats-server ended with ${code}: ${log}`)));
    });
  };
  const kill = async () => {
    const gone = new Promise(resolve => server.on("exit", resolve));
    server.kill("SIGKILL");
    await gone;
  };
  // Nobody else ends it, where a run of the tests is broken off.
  process.on("exit", () => server.kill("SIGKILL"));
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => process.exit(1));
  await start();
  return {
    url: `ws://127.0.0.1:${websocket}`, monitor: `http://127.0.0.1:${monitor}`, start, kill,
    /** A client beside the page, over TCP. */
    client: async (options = {}) => {
      const connection = await connect({ servers: `127.0.0.1:${port}`, ...options });
      const patient = { timeout: 60_000 };
      return { connection, jetstream: jetstream(connection, patient), manager: await jetstreamManager(connection, patient) };
    },
    /** Publishes one message as an MQTT client does, and is told that the server has it. */
    mqtt: ({ user, pass }, topic, text) => publishByMqtt(mqtt, user, pass, topic, text),
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** MQTT 3.1.1: CONNECT, CONNACK, PUBLISH with QoS 1, PUBACK. */
function publishByMqtt(port, user, pass, topic, text) {
  const string = text => Buffer.concat([Buffer.from([Buffer.byteLength(text) >> 8, Buffer.byteLength(text) & 255]), Buffer.from(text)]);
  const packet = (type, ...parts) => {
    const body = Buffer.concat(parts), length = body.length < 128 ? [body.length] : [body.length & 127 | 128, body.length >> 7];
    return Buffer.concat([Buffer.from([type, ...length]), body]);
  };
  return new Promise((resolve, reject) => {
    const socket = dial(port, "127.0.0.1").on("error", reject);
    socket.write(packet(0x10, string("MQTT"), Buffer.from([4, 0xc2, 0, 60]), string("till-7"), string(user), string(pass)));
    socket.on("data", ([type, , , code]) => {
      if (type === 0x20 && code === 0) return socket.write(packet(0x32, string(topic), Buffer.from([0, 1]), Buffer.from(text)));
      socket.destroy();
      if (type === 0x40) resolve();
      else reject(new Error(`MQTT answered ${type}, ${code}`));
    });
  });
}
