// MQTT.js, driven by a test: a JSON object a line asks for one connect, a line says what it earned.
// {"url", "version": 3|4|5, "client_id", "username"?, "password"?, "ca"?} -> {"code": n} | {"closed": "words"}
import { createInterface } from 'node:readline';
import mqtt from 'mqtt';

function connect(asked) {
  return new Promise(resolve => {
    const client = mqtt.connect(asked.url, {
      protocolVersion: asked.version,
      protocolId: asked.version === 3 ? 'MQIsdp' : 'MQTT',
      clientId: asked.client_id,
      username: asked.username,
      password: asked.password,
      ca: asked.ca,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      rejectUnauthorized: true,
    });
    let answer;
    const settle = got => {
      answer ??= got;
      client.end(true, {}, () => resolve(answer));
    };
    client.on('connect', packet => settle({ code: asked.version === 5 ? packet.reasonCode : packet.returnCode }));
    client.on('error', error => settle(typeof error.code === 'number' ? { code: error.code } : { closed: String(error.message) }));
    client.on('close', () => settle({ closed: 'the connection ended without an answer' }));
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await connect(JSON.parse(line))));
}
