// A certified OpenID provider on loopback, with its own login form: `node oidc_provider.mjs FOLDER ISSUER SECRET RETURN`.
// FOLDER holds node_modules. Prints its port. Two clients, `binhdan` and `nguoi-khac`, have the SECRET and the address RETURN.
// Every start signs with a new key, always called `khoa`.
import { generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

const [folder, issuer, secret, back] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));

const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
const client = (client_id) => ({ client_id, client_secret: secret, redirect_uris: [back] });
const provider = new Provider(issuer, {
  clients: [client("binhdan"), client("nguoi-khac")],
  jwks: { keys: [{ ...key, kid: "khoa", use: "sig", alg: "RS256" }] },
  cookies: { keys: [secret] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: "Nguyễn Thị Thử", email: `${sub}@vidu.example`, email_verified: sub !== "chua-xac-minh" }),
  }),
});
const server = provider.listen(0, "127.0.0.1", () => console.log(server.address().port));
