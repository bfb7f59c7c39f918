import { expect, go, test } from './stage'

test('a draft is checked as one types, previewed, made law, in force at the broker, and taken back by one click', async ({ page, stage }) => {
  const { token } = await stage.ask({ do: 'token', subject: 'meter-4701', username: 'meter-4701' })
  const comes = async (): Promise<number> => (await stage.ask({ do: 'connect', client_id: 'meter-9', username: 'meter-4701', password: token })).code
  expect(await comes()).toBe(0)

  await go(page, stage, '/jwt', 'JWT')
  const audience = page.getByLabel('Audience (aud)', { exact: true })
  const leeway = page.getByLabel('Leeway of clocks', { exact: true })
  await leeway.fill('30')
  await expect(page.locator('[data-setting="jwt.leeway"] .fault')).toContainText('30s')
  await expect(page.getByRole('region', { name: 'Draft of settings' })).toContainText('one thing is wrong')
  await leeway.fill('')
  await audience.fill('mqtt.example.com')
  await expect(page.getByRole('region', { name: 'Draft of settings' })).toContainText('finds nothing wrong')

  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Preview' })).toBeVisible()
  await expect(page.getByText(/would newly be refused/).first()).toBeVisible()

  await page.getByRole('button', { name: 'Review and make law' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('jwt.audience')
  await dialog.getByLabel('Why').fill('tokens of others stay out')
  await dialog.getByRole('button', { name: 'Make it law' }).click()
  await expect(page.getByText(/Revision \d+ is law/)).toBeVisible()
  await expect(async () => expect(await comes()).not.toBe(0)).toPass({ timeout: 3000 })

  await go(page, stage, '/revisions', 'Revisions')
  await expect(page.getByRole('row', { name: /tokens of others stay out/ })).toContainText('Law')
  await page.getByRole('row').nth(2).getByRole('link').click()
  await page.getByRole('button', { name: 'Back to this one' }).click()
  await expect(page.getByRole('dialog')).toContainText('jwt.audience')
  await page.getByRole('dialog').getByRole('button', { name: 'Back to this one' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Revisions' })).toBeVisible()
  await expect(async () => expect(await comes()).toBe(0)).toPass({ timeout: 3000 })
})

test('two administrators who edit at once lose nothing', async ({ page, stage }) => {
  await go(page, stage, '/jwt', 'JWT')
  await page.getByLabel('Leeway of clocks', { exact: true }).fill('20s')
  const { etag } = await stage.ask({ do: 'ask', method: 'GET', path: '/settings' })
  const other = await stage.ask({ do: 'ask', method: 'POST', path: '/settings/revisions', etag, body: { changes: { 'jwt.max_lifetime': '30d' }, why: 'bob was faster' } })
  expect(other.status).toBe(201)
  await page.getByRole('button', { name: 'Review and make law' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make it law' }).click()
  await page.getByRole('button', { name: 'Bring my draft up to date' }).click()
  await expect(page.getByText(/none of your changes is touched/)).toBeVisible()
  await page.getByRole('dialog').getByRole('button', { name: 'Make it law' }).click()
  await expect(page.getByText(/Revision \d+ is law/)).toBeVisible()
  const now = await stage.ask({ do: 'ask', method: 'GET', path: '/settings' })
  const text = Object.fromEntries(now.body.settings.map((one: { name: string; text: string }) => [one.name, one.text]))
  expect([text['jwt.leeway'], text['jwt.max_lifetime']]).toEqual(['"20s"', '"30d"'])
})

test('keys of a provider without an audience are warned of beside the address, and an audience quiets it', async ({ page, stage }) => {
  const beside = page.locator('[data-setting="jwt.jwks_url"] .said')
  const warning = 'keys from a provider and no audience'
  // The law's own warning, before anything is typed: a rule that holds a claim to what the client says binds no broker.
  await go(page, stage, '/jwt', 'JWT')
  await expect(beside).toContainText(warning)
  await expect(beside).toContainText('set audience to this broker')
  const address = page.getByLabel('Address of the key set (JWKS)', { exact: true })
  expect(await address.getAttribute('aria-describedby')).toContain((await beside.getAttribute('id'))!)
  // As one types: the draft's.
  const audience = page.getByLabel('Audience (aud)', { exact: true })
  await audience.fill('mqtt.example.com')
  await expect(beside).not.toContainText(warning)
  await audience.fill('')
  await expect(beside).toContainText(warning)
  // Where there is no field for it, it says where that is.
  await go(page, stage, '/topics', 'Topics')
  await expect(page.getByText(warning)).toBeVisible()
  await page.getByRole('link', { name: 'Address of the key set (JWKS)' }).click()
  await expect(page.getByLabel('Address of the key set (JWKS)', { exact: true })).toBeFocused()

  // The same of an issuer of the list, and of a law with an audience.
  const issuers = [{ name: 'plant', issuer: 'https://id.example.com', jwks_url: `${stage.keys}/keys` }]
  const law = async (changes: object): Promise<void> => {
    const { etag } = await stage.ask({ do: 'ask', method: 'GET', path: '/settings' })
    expect((await stage.ask({ do: 'ask', method: 'POST', path: '/settings/revisions', etag, body: { changes, why: 'who is let in' } })).status).toBe(201)
  }
  const plant = page.locator('[data-setting="jwt.issuers"]').getByRole('group', { name: 'plant' })
  await law({ 'jwt.audience': 'mqtt', 'jwt.issuers': issuers })
  await page.reload()
  await expect(plant).toContainText(warning)
  await expect(beside).not.toContainText(warning)
  await law({ 'jwt.audience': 'mqtt', 'jwt.issuers': [{ ...issuers[0], audience: 'mqtt' }] })
  await page.reload()
  await expect(plant).toBeVisible()
  await expect(plant).not.toContainText(warning)
  await law({ 'jwt.audience': null, 'jwt.issuers': null })
})

test('a broken key set address is tested before it is law, and the doctor says where it ends', async ({ page, stage }) => {
  await go(page, stage, '/jwt', 'JWT')
  const address = page.getByLabel('Address of the key set (JWKS)', { exact: true })
  await address.fill(`${stage.keys}/nowhere`)
  await page.getByRole('button', { name: 'Test this address' }).click()
  await expect(page.getByText('Here it ends')).toBeVisible({ timeout: 15_000 })
  await address.fill(`${stage.keys}/keys`)
  await page.getByRole('button', { name: 'Test this address' }).click()
  await expect(page.getByText('This key set can be used')).toBeVisible({ timeout: 15_000 })
  await expect(page.getByRole('region', { name: 'Draft of settings' })).toBeHidden()
})

test('a public key file is looked at before it is taken, and a private key is not even sent', async ({ page, stage }) => {
  await go(page, stage, '/jwt', 'JWT')
  const sent: string[] = []
  page.on('request', (request) => request.url().includes('/key-files/') && sent.push(request.postData() ?? ''))
  const file = page.locator('[data-setting="jwt.public_key"] input[type=file]')
  await file.setInputFiles({ name: 'key.pem', mimeType: 'text/plain', buffer: Buffer.from('-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n') })
  await expect(page.getByText(/it was not sent/)).toBeVisible()
  expect(sent).toEqual([])
  await file.setInputFiles({ name: 'key.pem', mimeType: 'text/plain', buffer: Buffer.from('-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n') })
  await expect(page.getByText('EdDSA').first()).toBeVisible()
  await page.getByRole('button', { name: 'Take this key into the draft' }).click()
  await expect(page.getByRole('region', { name: 'Draft of settings' })).toContainText('1 change')
  await page.getByRole('button', { name: 'Discard' }).click()
})

test('a public key file is dropped on the page, and its kind, size and thumbprint are shown', async ({ page, stage }) => {
  await go(page, stage, '/jwt', 'JWT')
  const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n'
  const files = await page.evaluateHandle((words) => {
    const data = new DataTransfer()
    data.items.add(new File([words], 'plant.pem', { type: 'application/x-pem-file' }))
    return data
  }, pem)
  await page.locator('[data-setting="jwt.public_key"] .drop').dispatchEvent('drop', { dataTransfer: files })
  const keys = page.locator('[data-setting="jwt.public_key"]')
  await expect(keys).toContainText('plant.pem')
  await expect(keys).toContainText('EdDSA')
  await expect(keys).toContainText('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k') // RFC 8037 A.3: its thumbprint
  await page.getByRole('button', { name: 'Take this key into the draft' }).click()
  await expect(page.getByRole('region', { name: 'Draft of settings' })).toContainText('1 change')
  await page.getByRole('button', { name: 'Discard' }).click()
})

test('a token is judged by the draft and not by the law', async ({ page, stage }) => {
  const { token } = await stage.ask({ do: 'token', subject: 'meter-1', username: 'meter-1' })
  await go(page, stage, '/jwt', 'JWT')
  const tried = page.getByRole('region', { name: 'Try a token' })
  await tried.getByLabel('Token', { exact: true }).fill(token)
  await tried.getByLabel('User name').fill('meter-1')
  await tried.getByRole('button', { name: 'Judge it' }).click()
  await expect(tried.getByText('Let in', { exact: true })).toBeVisible()
  await page.getByLabel('Audience (aud)', { exact: true }).fill('elsewhere')
  await tried.getByRole('button', { name: 'Judge it' }).click()
  await expect(tried.getByText('Refused', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Discard' }).click()
})

test('turning the last authenticator off asks twice and says what it means', async ({ page, stage }) => {
  await go(page, stage, '/authentication', 'Authentication')
  await page.getByRole('switch', { name: 'JWT is asked' }).click()
  await page.getByRole('switch', { name: 'Default authentication is asked' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('every client that connects is refused')
  await dialog.getByRole('button', { name: 'Leave it on' }).click()
  await expect(page.getByRole('switch', { name: 'Default authentication is asked' })).toBeChecked()
  await page.getByRole('button', { name: 'Discard' }).click()
  await expect(page.getByRole('switch', { name: 'JWT is asked' })).toBeChecked()
})

test('what the settings file pins is locked, with the file’s name', async ({ page, stage }) => {
  await go(page, stage, '/authentication', 'Authentication')
  await expect(page.getByText(/Pinned by .*sallyport\.toml/).first()).toBeVisible()
  await expect(page.getByLabel('Whom nobody knows')).toBeDisabled()
})

test('a secret is written and never read back', async ({ page, stage }) => {
  await go(page, stage, '/jwt', 'JWT')
  await expect(page.getByPlaceholder('set; type to replace it')).toBeVisible()
  expect(await page.content()).not.toContain('a-key-of-the-tests-own')
})

test('the keys of a source are shown with who uses them, and fetched again', async ({ page, stage }) => {
  await go(page, stage, '/keys', 'Keys')
  await expect(page.getByRole('row', { name: /2026-03/ })).toBeVisible()
  await page.getByRole('row', { name: /2026-03/ }).getByRole('button', { name: 'Who uses it?' }).click()
  await expect(page.getByRole('dialog')).toContainText(/would be out/)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Doctor' }).click()
  await expect(page.getByText('This key set can be used')).toBeVisible({ timeout: 15_000 })
})

test('a topic is asked about, and the rule that decides is marked', async ({ page, stage }) => {
  await go(page, stage, '/topics', 'Topics')
  const tester = page.getByRole('region', { name: /this client, this topic/ })
  await tester.getByLabel('Topic, or filter to subscribe').fill('devices/meter-1/temp')
  await tester.getByLabel('Who it is proved to be').fill('meter-1')
  await tester.getByRole('button', { name: 'Ask' }).click()
  await expect(tester.getByText('It may', { exact: true })).toBeVisible()
  await expect(page.getByText('this one decides')).toBeVisible()
  await tester.getByLabel('Topic, or filter to subscribe').fill('devices/meter-2/temp')
  await tester.getByRole('button', { name: 'Ask' }).click()
  await expect(tester.getByText('It may not', { exact: true })).toBeVisible()
})
