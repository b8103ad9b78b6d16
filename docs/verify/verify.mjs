// Verifies the two signatures of a webhook. Node 18 or newer, no packages: copy `verify` and `same`.
import { createHmac, timingSafeEqual } from "node:crypto";

const same = (a, b) => a.length === b.length && timingSafeEqual(a, b);

/** True when both signatures are valid. `body` must be the Buffer as received, not rebuilt from parsed JSON. */
export function verify(body, headers, signingKey, secret, tolerance = 300) {
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const header = (name) => given[name] ?? "";
  const sent = header("webhook-timestamp");
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  if (!signingKey || !key.length) throw new Error("the signing key or the secret is empty");
  if (!/^[0-9]{1,12}$/.test(sent) || Math.abs(Date.now() / 1000 - Number(sent)) > tolerance) return false;

  const sha1 = createHmac("sha1", signingKey).update(body).digest("base64");
  const sha256 = createHmac("sha256", key).update(`${header("webhook-id")}.${sent}.`).update(body).digest("base64");
  // While a secret is being replaced there are two signatures, separated by a space.
  const candidates = header("webhook-signature").split(" ");
  return (
    same(Buffer.from(sha1), Buffer.from(header("signature"))) &&
    candidates.some((candidate) => same(Buffer.from(`v1,${sha256}`), Buffer.from(candidate)))
  );
}

if (process.argv[1]?.endsWith("verify.mjs")) {
  const { readFileSync } = await import("node:fs");
  const given = JSON.parse(readFileSync(0, "utf8"));
  const good = verify(Buffer.from(given.body), given.headers, given.signing_key, given.secret);
  console.log(good ? "good" : "bad");
  process.exitCode = good ? 0 : 1;
}
