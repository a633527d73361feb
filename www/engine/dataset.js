/** @import { Dataset } from "../clickfold.js" */
/** @import { Connection, DatasetInfo } from "./protocol.js" */

import { toCsv } from "./rows.js";
import { openTable } from "./table.js";

/** The page's view of a data set in the worker. @param {Connection} connection @param {DatasetInfo} info @returns {Dataset} */
export function openDataset(connection, info) {
  const { handle } = info;
  return {
    get schema() { return info.schema; },
    get rows() { return info.rows; },
    get report() { return info.report; },
    query: async (query, { signal } = {}) => openTable(await connection.send({ do: "query", handle, query }, { signal })),
    async append(rows) {
      const bytes = toCsv(rows, info.schema.map(field => field.name), info.report.separator);
      if (bytes.length) info = await connection.send({ do: "append", handle, bytes }, { transfer: [bytes.buffer] });
    },
    async setRoles(roles) {
      info = await connection.send({ do: "roles", handle, roles });
    },
    close: () => connection.send({ do: "close", handle }),
  };
}
