/** The client of NATS servers, for streams that come from one. */
export { errors, wsconnect } from "@nats-io/nats-core";
export { DeliverPolicy, JetStreamApiCodes, JetStreamApiError, jetstream } from "@nats-io/jetstream";
