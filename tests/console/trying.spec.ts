import { expect, go, test } from './stage'

test('a token is read in the browser alone', async ({ page, stage }) => {
  const { token } = await stage.ask({ do: 'token', subject: 'secret-subject', username: 'x' })
  await go(page, stage, '/try?tab=inspect', 'Try')
  const sent: string[] = []
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
  await page.getByLabel('Token', { exact: true }).fill(token)
  await expect(page.getByText('"secret-subject"')).toBeVisible()
  await expect(page.getByText(/No signature was checked/)).toBeVisible()
  expect(sent.filter((one) => one.includes(token.slice(0, 40)))).toEqual([])
  expect(page.url()).not.toContain(token.slice(0, 40))
})

test('an attempt is judged with its steps, and counts nowhere', async ({ page, stage }) => {
  await go(page, stage, '/try', 'Try')
  await page.getByLabel('Client id').fill('made-up-1')
  await page.getByLabel('User name').fill('made-up-1')
  await page.getByLabel('Password or token').fill('guess')
  await page.getByRole('button', { name: 'Judge it' }).click()
  await expect(page.locator('main').getByText('Refused', { exact: true })).toBeVisible()
  await go(page, stage, '/decisions?search=made-up-1', 'Decisions')
  await expect(page.getByText('No decision fits these filters.')).toBeVisible()
})

test('a token is issued with a key that is marked for it, and the command gets in', async ({ page, stage }) => {
  await go(page, stage, '/try?tab=issue', 'Try')
  await page.getByLabel('For whom (sub)').fill('bench-1')
  await page.getByLabel('Further claims').fill('{"username": "%u"}')
  await page.getByLabel('User name').fill('bench-1')
  await page.getByRole('button', { name: 'Issue it' }).click()
  await expect(page.getByRole('heading', { name: 'The token' })).toBeVisible()
  const command = (await page.getByText(/^mosquitto_pub /).textContent())!
  const token = command.match(/-P (\S+)/)![1]!
  expect((await stage.ask({ do: 'connect', client_id: 'bench-1', username: 'bench-1', password: token })).code).toBe(0)
  await go(page, stage, '/activity', 'Activity')
  await expect(page.getByRole('row', { name: /issue tokens/i }).first()).toBeVisible()
  expect(await page.content()).not.toContain(token)
})
