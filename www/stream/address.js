/** @import { Tools } from "./source.js" */

/** Where a source is; what is relative is so to the page. @param {string | URL} given @param {Tools["ClickfoldError"]} ClickfoldError @param {"https" | "wss"} [scheme] the only one, or without encryption */
export function addressOf(given, ClickfoldError, scheme) {
  if (!(typeof given === "string" || given instanceof URL) || !URL.canParse(given, document.baseURI)) {
    throw new ClickfoldError("BAD_QUERY", `${JSON.stringify(given)} is no address; give one such as "https://shop.example/events"`);
  }
  const url = new URL(given, document.baseURI);
  const schemes = scheme === "https" ? /^https?:$/ : /^(https?|wss?):$/;
  if (!schemes.test(url.protocol)) throw new ClickfoldError("BAD_QUERY", `such a stream's address begins with ${scheme ? `${scheme}:` : "https: or wss:"}, found ${url.protocol}`);
  if (scheme === "https" && (url.username || url.password)) throw new ClickfoldError("BAD_QUERY", "an address may not hold a name or a password; give them in \"headers\"");
  url.hash = "";
  return url;
}

/**
 * Watches whether the page's policy keeps it from an address: a failed connection looks like any other, and another try would fail alike.
 * What it gives ends the watching, and is the error, if so.
 * @param {URL} url @returns {() => Promise<Error | undefined>}
 */
export function forbidden(url) {
  let isForbidden = false;
  const hear = (/** @type {SecurityPolicyViolationEvent} */ { effectiveDirective, disposition, blockedURI }) => {
    isForbidden ||= effectiveDirective === "connect-src" && disposition === "enforce" && (blockedURI === url.origin || blockedURI.startsWith(`${url.protocol}//${url.host}`));
  };
  document.addEventListener("securitypolicyviolation", hear);
  return async () => {
    await new Promise(resolve => setTimeout(resolve)); // it is told after the failure
    document.removeEventListener("securitypolicyviolation", hear);
    return isForbidden ? new Error(`the page's Content-Security-Policy does not allow ${url.protocol}//${url.host}; add that to its connect-src`) : undefined;
  };
}
