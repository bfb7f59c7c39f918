// Made-up answers in the shapes of api/openapi.yaml.
interface Given {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

const now = (): number => Math.floor(Date.now() / 1000)
const session = (): unknown => ({ name: 'ada', role: 'administrator', csrf: 'x', ends_at: now() + 40000, idle_ends_at: now() + 3600 })
const texts: Record<string, [string, string, string]> = {
  expired: ['time', 'the token has expired', 'give the device a fresh token, or check the clock of whoever issued it'],
  bad_signature: ['signature', "no key that fits the token's alg verifies its signature", 'is the token signed with the key that is configured here? compare with: sallyport key show'],
  claim_mismatch: ['claim', 'a claim does not have the value that its rule expects', 'see both values with: sallyport decide --show-values'],
  keys_unavailable: ['unavailable', 'the keys that could verify this token are not here yet', 'see: sallyport keys list and sallyport keys doctor'],
  wrong_password: ['credential', 'the user name is known and the password is wrong', 'set it anew with: sallyport user set-password'],
  token_ok: ['in', 'the token was verified and every rule holds', ''],
}
const reasonsList = Object.entries(texts).map(([reason, [cls, text, mend]]) => ({ reason, class: cls, text, mend }))
const row = (n: number, reason = Object.keys(texts)[n % 6]!): Record<string, unknown> => ({
  id: `broker.${n}`, number: n, at: now() - n * 7, process: 'mosquitto', client_id: `meter-${4700 + n}`, username: `meter-${4700 + n}`, address: `10.3.4.${n % 250}`,
  verdict: reason === 'token_ok' ? 'allow' : reason === 'keys_unavailable' ? 'unavailable' : 'deny', reason, class: texts[reason]![0], text: texts[reason]![1],
  authenticator: 'jwt', principal: reason === 'token_ok' ? `meter-${4700 + n}` : '', token: '1a2b3c4d', key: reason === 'token_ok' ? 'jwks kid=2026-03' : '', expires_at: now() + 5000,
})
const steps = [
  { authenticator: 'password', passed: true, reason: null, subject: null, text: 'the user name is not in the store: not mine' },
  { authenticator: 'jwt', passed: true, reason: null, subject: 'ES256', text: 'the token reads, and its alg is allowed' },
  { authenticator: 'jwt', passed: true, reason: null, subject: 'jwks kid=2026-03', text: 'the signature is right' },
  { authenticator: 'jwt', passed: false, reason: 'expired', subject: 'exp', text: 'it ended 2 hours ago' },
]
const key = { label: 'jwks kid=2026-03', kind: 'EC P-256', algorithms: ['ES256'], kid: '2026-03', thumbprint: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', bits: 256, since: now() - 90000, issuer: '', sessions: 41109, decisions: 90211 }
const source = {
  name: '', address: 'https://id.example.com/realms/plant/protocol/openid-connect/certs', state: 'ready', keys: [key, { ...key, label: 'jwks kid=2025-11', kid: '2025-11', sessions: 112, decisions: 300 }], skipped: [{ number: 3, kid: 'enc-1', cause: 'use is enc: not for signatures' }],
  confirmed_at: now() - 130, failing_since: null, last_outcome: 'fresh', last_detail: '', next_due_in: 170, allowed_in: 0, attempts: 412, keys_added: 3, keys_removed: 1, in_flight: false, from_disk: false, outcomes: { fresh: 400, timeout: 12 }, process: 'mosquitto',
}
const wave = (scale: number, shift: number): number[] => Array.from({ length: 120 }, (_, i) => Math.max(0, Math.round(scale * (1 + 0.4 * Math.sin(i / 9 + shift) + 0.15 * Math.sin(i * 1.7)))))
const setting = (name: string, value: unknown, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name, section: name.split('.')[0], key: name.split('.')[1] ?? name, type: 'text', doc: `What ${name} does, as the reference has it.`, value, text: value === null ? '' : JSON.stringify(value), origin: value === null ? 'default' : 'store', place: 'revision 4', pinned: false, pinned_by: null, file_only: false, secret: false, set: value !== null, default: null, example: null, group: null, ...more,
})
const settings = [
  setting('chain.no_match', 'deny'), setting('password.enabled', true), setting('jwt.enabled', true, { default: null }), setting('jwt.from', 'password'),
  setting('jwt.secret', null, { secret: true, set: true, text: '(set)' }), setting('jwt.secret_base64', null, { secret: true }), setting('jwt.public_key', null), setting('jwt.jwks_url', source.address),
  setting('jwt.jwks_refresh', '300s'), setting('jwt.verify_claims', true), setting('jwt.claims', { username: '%u', '/device/site': 'plant-7' }), setting('jwt.issuer', 'https://id.example.com/realms/plant', { pinned: true, pinned_by: 'sallyport.toml', origin: 'file' }),
  setting('jwt.audience', ['mqtt.example.com']), setting('jwt.leeway', '30s'), setting('jwt.require_exp', true), setting('jwt.max_lifetime', null), setting('jwt.issuers', []), setting('jwt.issuer_discovery', false),
  setting('jwt.allowed_algorithms', ['ES256', 'EdDSA']), setting('topics.no_match', 'deny'), setting('session.end_at_exp', true), setting('session.max_session', null),
  setting('topic_rules', [{ permission: 'allow', action: 'all', topics: ['devices/%u/#'] }, { permission: 'deny', action: 'publish', topics: ['site/+/alarm'], groups: ['readers'] }]),
]
const user = (n: number): unknown => ({ username: `meter-${1000 + n}`, enabled: n % 7 !== 3, is_superuser: n === 2, hash: n % 5 === 0 ? 'sha256, salt first' : 'argon2, 2048 KiB, 1 pass', weak_hash: n % 5 === 0, etag: `"${n}"` })
const side = { judged: 812, unchanged: 790, newly_refused: [{ reason: 'audience_mismatch', text: "aud does not name this gate's audience", devices: 20, examples: ['meter-4711', 'meter-4712'] }], newly_admitted: [{ reason: 'token_ok', text: 'the token was verified and every rule holds', devices: 2, examples: ['pump-1'] }], not_judged: [] }
let imports = 0

export function answer(method: string, url: URL, body: string): Given {
  const path = url.pathname
  const ok = (value: unknown, headers?: Record<string, string>): Given => ({ status: 200, body: value, headers })
  const is = (verb: string, pattern: RegExp): boolean => method === verb && pattern.test(path)
  if (is('GET', /^\/welcome$/)) return ok({ product: 'sallyport', first_administrator_missing: false, secure: false })
  if (path.startsWith('/session') && !path.startsWith('/sessions')) return method === 'DELETE' ? { status: 204 } : ok(session())
  if (is('GET', /^\/overview$/))
    return ok({
      now: now(), processes: [{ name: 'sallyportd', kind: 'daemon', answers: true, cause: null, version: '0.1.0', revision: 4, started_at: now() - 90000, sessions: null, health: { ready: true, not_ready: [], degraded: [] } }, { name: 'mosquitto', kind: 'broker', answers: true, cause: null, version: '0.1.0', revision: 4, started_at: now() - 90000, sessions: 41109, health: { ready: true, not_ready: [], degraded: ['jwks: the last refresh failed'] } }],
      health: { ready: true, not_ready: [], degraded: ['plant: the key set could not be fetched since 14:02 (timeout)'] }, rates: { allow: 121.4, deny: 3.25, ignore: 0, unavailable: 0.1 }, totals: { allow: 1, deny: 1, ignore: 0, unavailable: 0 }, sessions: 41109,
      refused_last_hour: [['expired', 812], ['claim_mismatch', 41], ['bad_signature', 9], ['keys_unavailable', 3]].map(([reason, count]) => ({ reason, text: texts[reason as string]![1], class: texts[reason as string]![0], count })),
      series: { from: now() - 3600, step: 30, allow: wave(120, 0), deny: wave(14, 2), ignore: wave(0, 0), unavailable: wave(2, 1), sessions: wave(41000, 3).map((n) => 30000 + Math.round(n / 6)) },
      key_sources: [source], users: { total: 1000000, weak_hashes: 12 }, lately: [{ at: now() - 600, who: 'ada', what: 'Revision 4: meters’ clocks run late', revision: 4 }, { at: now() - 86400, who: 'sallyport config import', what: 'Revision 3', revision: 3 }],
    })
  if (is('GET', /^\/overview\/ends$/)) return ok({ from: now(), width: 300, counts: Array.from({ length: 288 }, (_, i) => (i === 150 ? 41000 : i === 151 ? 7000 : Math.round(30 + 20 * Math.sin(i / 20)))), without_end: 7, later: 90, sessions: 61109, steepest: { at: now() + 45000, count: 41000 } })
  if (is('GET', /^\/reasons$/)) return ok({ items: reasonsList })
  if (is('GET', /^\/decisions$/)) return ok({ items: url.searchParams.has('newer_than') ? [] : Array.from({ length: 50 }, (_, i) => row(i)), next: 'x', newest: 100, kept: true })
  if (is('GET', /^\/decisions\//)) return ok({ ...row(11, 'expired'), mend: texts.expired![2], steps, smallest_change: ['a token whose exp is 2 hours later'], setting: 'jwt.leeway' })
  if (is('GET', /^\/refused$/)) return ok({ kept: true, items: ['expired', 'claim_mismatch', 'keys_unavailable'].map((reason, i) => ({ ...reasonsList.find((one) => one.reason === reason), decisions: 8120 - i * 3000, devices: [812, 41, 9][i], first_at: now() - 7200, last_at: now() - 20, examples: ['meter-4711', 'meter-4712', 'pump-9'] })) })
  if (is('GET', /^\/refused\//)) return ok({ kept: true, next: null, items: Array.from({ length: 12 }, (_, i) => ({ client_id: `meter-${4700 + i}`, username: `meter-${4700 + i}`, address: '10.3.4.9', decisions: 20 - i, first_at: now() - 4000, last_at: now() - i * 30, last_id: `broker.${i}` })) })
  if (is('GET', /^\/devices\//)) return ok({ client_id: decodeURIComponent(path.slice(9)), now_in: false, attempts: Array.from({ length: 6 }, (_, i) => row(i, i < 4 ? 'expired' : 'token_ok')), sessions: [], endings: [{ from: now() - 90000, to: now() - 7200, how: 'lost', text: 'its token ended and it did not come back' }], clock: { known: true, seconds: -7100, text: 'its tokens are stamped about two hours late' } })
  if (is('GET', /^\/sessions$/)) return ok({ next: null, items: Array.from({ length: 20 }, (_, i) => ({ process: 'mosquitto', client_id: `meter-${i}`, username: `meter-${i}`, address: '10.0.0.1', principal: `meter-${i}`, principal_verified: i % 3 > 0, authenticator: 'jwt', since: now() - 1000 * i, expires_at: now() + 3000, ends_at: i % 4 ? now() + 3000 : null, standing: 'admitted', key: key.label })) })
  if (is('GET', /^\/settings$/)) return ok({ revision: 4, file: 'sallyport.toml', file_changed: false, can_edit: true, sections: [], settings, warnings: [], advice: [] }, { ETag: '"4"' })
  if (is('POST', /^\/settings\/check$/)) {
    const changes = (JSON.parse(body) as { changes: Record<string, unknown> }).changes
    const problems = changes['jwt.leeway'] === '30' ? [{ field: 'jwt.leeway', cause: 'no duration: "30"', hint: 'write a whole number and s, m, h or d: "30s"' }] : []
    return ok({ good: problems.length === 0, problems, warnings: [], advice: [], changes: Object.entries(changes).map(([name, after]) => ({ name, before: JSON.stringify(settings.find((one) => one.name === name)?.value ?? null), after: after === null ? null : JSON.stringify(after) })) })
  }
  if (is('GET', /^\/settings\/revisions$/)) return ok({ next: null, items: [4, 3, 2, 1].map((number) => ({ number, author: 'ada', why: ['meters’ clocks run late', 'from EMQX', 'first', ''][4 - number], created_at: now() - 90000 * (5 - number), current: number === 4 })) })
  if (is('GET', /^\/settings\/revisions\/\d+$/)) return ok({ number: 3, author: 'ada', why: 'from EMQX', created_at: now() - 90000, current: false, text: '[jwt]\nleeway = "0s"\nsecret = "(set)"\n', changes: [{ name: 'jwt.leeway', before: null, after: '"0s"' }], against_now: [{ name: 'jwt.leeway', before: '"30s"', after: '"0s"' }] })
  if (method === 'POST' && path.startsWith('/settings/revisions')) return { status: 201, body: { number: 5, author: 'ada', why: '', created_at: now(), current: true }, headers: { ETag: '"5"' } }
  if (is('GET', /^\/authenticators$/)) return ok({ items: [{ name: 'password', enabled: true, asked: 9000, allowed: 120, denied: 14, not_mine: 8866, unavailable: 0, average_us: 1900 }, { name: 'jwt', enabled: true, asked: 8866, allowed: 8500, denied: 360, not_mine: 0, unavailable: 6, average_us: 7.4 }], no_match: 'deny', since: now() - 90000 })
  if (is('GET', /^\/keys$/)) return ok({ process: 'mosquitto', sources: [source], local: [{ ...key, label: 'secret', kind: 'secret, 32 bytes', algorithms: ['HS256', 'HS384', 'HS512'], kid: null, thumbprint: null, sessions: 0, decisions: 0 }], history: [{ at: now() - 7200, source: 'plant', added: ['2025-02'], removed: ['2024-12'] }] })
  if (is('GET', /^\/slowed$/)) return ok({ items: [{ kind: 'username', value: 'pump', process: 'mosquitto', turned_away: 41, first_at: now() - 300, last_at: now() - 2 }], total: 1 })
  if (is('POST', /^\/keys\/refresh$/)) return { status: 202, body: { asked: 1 } }
  if (is('POST', /^\/keys\/doctor$/)) return ok({ good: false, steps: [{ good: true, what: 'the address can be read', found: 'https, port 443' }, { good: true, what: 'the name resolves', found: '203.0.113.9' }, { good: false, what: 'the server’s certificate', cause: 'it is for another name', cure: 'take the name that the certificate has', reason: 'tls' }] })
  if (is('POST', /^\/keys\/retire$/)) return ok({ sessions: 112, devices: 98, decisions: 300, examples: ['meter-4711', 'meter-4712'] })
  if (is('POST', /^\/key-files\/inspect$/)) return ok({ keys: [key], skipped: [] })
  if (is('GET', /^\/users$/)) return ok({ items: Array.from({ length: 50 }, (_, i) => user(i)), next: 'x', total: 1000000 })
  if (is('POST', /^\/users$/)) return { status: 201, body: { ...(user(1) as object), password: 'Vb7mQx2tKp9wHs4cRn3z', weakness: null } }
  if (/^\/users\//.test(path)) return method === 'DELETE' ? { status: 204 } : ok({ ...(user(1) as object), password: 'Vb7mQx2tKp9wHs4cRn3z' })
  if (is('POST', /^\/user-imports$/)) return { status: 202, body: ((imports = 0), { id: '1', state: 'running', dry_run: true, read: 0, good: 0, failed: 0, read_bytes: 0, total_bytes: 1000, cause: null, hint: null, problems: [] }) }
  if (is('GET', /^\/user-imports\/1$/)) return ok({ id: '1', state: ++imports > 3 ? 'done' : 'running', dry_run: true, read: imports * 25000, good: imports * 25000 - 2, failed: 2, read_bytes: Math.min(imports * 300, 1000), total_bytes: 1000, cause: null, hint: null, problems: [{ row: 17, field: 'password_hash', cause: 'no hash that can be read', hint: 'see docs/users.md' }, { row: 301, field: 'user_id', cause: 'it stands twice in the file' }], started_at: now() })
  if (is('POST', /^\/topics\/test$/)) return ok({ answer: 'allow', by: 'rule', rule: 0, why: 'rule 1 allows publish to devices/%u/#, which is devices/meter-7/# here' })
  if (is('POST', /^\/try$/)) return ok({ verdict: 'deny', reason: 'expired', class: 'time', text: texts.expired![1], mend: texts.expired![2], authenticator: 'jwt', principal: '', principal_verified: false, is_superuser: false, expires_at: null, key: null, steps, smallest_change: ['a token whose exp is later'], revision: 4 })
  if (is('GET', /^\/issuing-keys$/)) return ok({ items: [{ name: 'workshop', algorithm: 'ES256', kid: 'w1', issuer: null, max_lifetime: 86400 }] })
  if (is('POST', /^\/issued-tokens$/)) return { status: 201, body: { items: (JSON.parse(body) as { clients: { sub: string }[] }).clients.map((one) => ({ username: null, client_id: null, ...one, token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtZXRlci03In0.c2lnbmF0dXJl', expires_at: now() + 3600 })) } }
  if (is('POST', /^\/preview$/)) return ok({ from: now() - 86400, kept: true, attempts: side, sessions: { ...side, newly_admitted: [], not_judged: [{ reason: 'password', text: 'a password cannot be judged again: it is not kept', devices: 3, examples: ['pump-2'] }] } })
  if (is('GET', /^\/revocations$/)) return ok({ next: null, items: [{ id: '1', kind: 'principal', value: 'meter-7', issuer: null, issued_before: now() - 100, until: null, why: 'stolen', author: 'ada', created_at: now() - 3000 }, { id: '2', kind: 'jti', value: 'b0c3', issuer: null, issued_before: null, until: now() + 9999, why: '', author: 'ada', created_at: now() - 5000 }] })
  if (is('GET', /^\/blocks$/)) return ok({ next: null, items: [{ id: '1', kind: 'client_id', value: 'meter-*', pattern: true, until: null, why: 'floods', author: 'ada', created_at: now() - 100 }] })
  if (is('GET', /^\/administrators$/)) return ok({ next: null, items: [{ name: 'ada', role: 'administrator', enabled: true, has_password: true, sessions: 2, created_at: now() - 1e6, last_seen_at: now(), etag: '"1"' }, { name: 'bob', role: 'operator', enabled: true, has_password: false, sessions: 0, created_at: now() - 1e5, last_seen_at: null, etag: '"2"' }] })
  if (is('GET', /^\/api-tokens$/)) return ok({ next: null, items: [{ id: '1', name: 'ci', role: 'viewer', owner: 'ada', created_at: now() - 1e5, ends_at: now() + 1e6, last_seen_at: now() - 60 }] })
  if (is('GET', /^\/activity$/)) return ok({ next: null, items: [{ number: 9, at: now() - 60, who: 'ada', address: '127.0.0.1', what: 'makeLaw', subject: 'revision 4', outcome: 'done', detail: '' }, { number: 8, at: now() - 90, who: '', address: '127.0.0.1', what: 'signIn', subject: 'eve', outcome: 'refused', detail: '' }] })
  if (method === 'DELETE') return { status: 204 }
  return { status: 404, body: { type: 'about:blank', title: 'Not Found', status: 404, reason: 'not_found', cause: `the mock has no ${method} ${path}` } }
}
