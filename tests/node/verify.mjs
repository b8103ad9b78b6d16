// Reads {library, secret, body, headers} cases as JSON and prints for each whether that library takes the webhook.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const load = createRequire(`${process.argv[2]}/`);
const libraries = { standardwebhooks: load("standardwebhooks").Webhook, svix: load("svix").Webhook };

const takes = ({ library, secret, body, headers }) => {
  try {
    new libraries[library](secret).verify(body, headers);
    return true;
  } catch (error) {
    if (error.constructor.name !== "WebhookVerificationError") throw error;
    return false;
  }
};

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(takes)));
