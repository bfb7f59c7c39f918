export interface Client {
  sub: string
  username?: string
  client_id?: string
}
export interface Issued {
  sub: string
  username?: string | null
  client_id?: string | null
  token: string
  expires_at: number
}

const NAMES = ['sub', 'username', 'client_id'] as const
export type BatchFault = 'empty' | 'header' | 'sub' | 'too_many'

/** A CSV with the columns sub, username and client_id in any order, of which sub must be there. */
export function clientsOf(rows: string[][]): Client[] | BatchFault {
  const [head, ...body] = rows
  if (!head || body.length === 0) return 'empty'
  const at = Object.fromEntries(NAMES.map((name) => [name, head.findIndex((cell) => cell.trim().toLowerCase().replace(/^\uFEFF/, '') === name)])) as Record<(typeof NAMES)[number], number>
  if (at.sub < 0) return 'header'
  if (body.length > 10000) return 'too_many'
  const clients: Client[] = []
  for (const row of body) {
    const cell = (name: (typeof NAMES)[number]): string => (at[name] < 0 ? '' : (row[at[name]] ?? '').trim())
    if (!cell('sub')) return 'sub'
    clients.push({ sub: cell('sub'), ...(cell('username') ? { username: cell('username') } : {}), ...(cell('client_id') ? { client_id: cell('client_id') } : {}) })
  }
  return clients
}

export const languages = ['mosquitto_pub', 'Python', 'JavaScript'] as const
export type Language = (typeof languages)[number]

/** For a POSIX shell: nothing inside single quotes means anything but the single quote itself. */
export const shellWord = (value: string): string => (/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`)

export function commandFor(language: Language, one: Issued): string {
  const id = one.client_id ?? one.sub
  const user = one.username ?? one.sub
  switch (language) {
    case 'mosquitto_pub':
      return `mosquitto_pub -h 127.0.0.1 -p 1883 -i ${shellWord(id)} -u ${shellWord(user)} -P ${one.token} -t demo -m hello`
    case 'Python':
      return [
        'import paho.mqtt.client as mqtt',
        '',
        `client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=${JSON.stringify(id)})`,
        `client.username_pw_set(${JSON.stringify(user)}, ${JSON.stringify(one.token)})`,
        'client.connect("127.0.0.1", 1883)',
        'client.publish("demo", "hello")',
      ].join('\n')
    case 'JavaScript':
      return [
        "import mqtt from 'mqtt'",
        '',
        "const client = await mqtt.connectAsync('mqtt://127.0.0.1:1883', {",
        `  clientId: ${JSON.stringify(id)},`,
        `  username: ${JSON.stringify(user)},`,
        `  password: ${JSON.stringify(one.token)},`,
        '})',
        "await client.publishAsync('demo', 'hello')",
      ].join('\n')
  }
}
