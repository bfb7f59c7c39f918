// A device that renews its session without reconnecting: node device.mjs PORT CLIENT_ID TOKEN_COMMAND [4|5]
//
// TOKEN_COMMAND prints a fresh token; in life it asks your issuer. The gate says on
// $CONTROL/sallyport/v1/notice when the session is about to end, without a subscription.
import { execSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import mqtt from 'mqtt';

const RENEW = '$CONTROL/sallyport/v1/renew';
const RESPONSE = '$CONTROL/sallyport/v1/renew/response';
const NOTICE = '$CONTROL/sallyport/v1/notice';

const [port, clientId, tokenCommand, version = '4'] = process.argv.slice(2);
const freshToken = () => execSync(tokenCommand, { encoding: 'utf8' }).trim();
const say = (...words) => console.log(words.join(' '));

const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
  clientId,
  protocolVersion: Number(version),
  username: 'device',
  password: freshToken(),
  keepalive: 30,
});
const renew = () => client.publish(RENEW, freshToken(), { qos: 1 });

client.on('connect', () => say('connected'));
client.on('close', () => {
  say('disconnected');
  client.options.password = freshToken(); // MQTT.js connects again by itself, and needs a token that lives
});
client.on('error', (error) => say('refused', error.message));
client.on('message', (topic, payload) => {
  if (topic === NOTICE) return renew();
  if (topic !== RESPONSE) return;
  const answer = JSON.parse(payload);
  say(answer.result, answer.ends_at);
  if (answer.result !== 'renewed') setTimeout(renew, 5000); // the session goes on until its end
});

let sent = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const number = ++sent;
  client.publish(`devices/${clientId}/up`, line, { qos: 1 }, (error) => !error && say('acknowledged', number));
}
client.end();
