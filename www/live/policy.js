/** Runs before any other script of the page: from here on it can speak to its own server and to the one that its address names. */

import { policyOf } from "./address.js";

const meta = document.createElement("meta");
meta.httpEquiv = "Content-Security-Policy";
meta.content = policyOf(location.search);
document.head.append(meta);
