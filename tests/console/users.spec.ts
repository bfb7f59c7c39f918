import { expect, go, test } from './stage'

test('a user is added with a password that is made and shown once, comes in, is disabled and is out', async ({ page, stage }) => {
  await go(page, stage, '/users', 'Users')
  await page.getByRole('button', { name: 'Add a user' }).click()
  await page.getByLabel('User name').last().fill('press-1')
  await page.getByRole('dialog').getByRole('button', { name: 'Add a user' }).click()
  const password = (await page.getByRole('dialog').locator('code').textContent())!
  const comes = async (): Promise<number> => (await stage.ask({ do: 'connect', client_id: 'press-1', username: 'press-1', password })).code
  await expect(async () => expect(await comes()).toBe(0)).toPass({ timeout: 3000 })
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('link', { name: 'press-1' }).click()
  await page.getByRole('dialog').getByRole('switch', { name: 'Enabled' }).click()
  await expect(async () => expect(await comes()).not.toBe(0)).toPass({ timeout: 3000 })
  await page.getByRole('dialog').getByRole('button', { name: 'Delete this user' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete press-1 now' }).click()
  await expect(page.getByText('press-1 is gone.')).toBeVisible()
})

test('100,000 users are imported with bad rows told by row and cause, dry first', async ({ page, stage }) => {
  test.setTimeout(150_000)
  const hash = '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' // bcrypt's own published vector
  const rows = ['username,password_hash,is_superuser']
  for (let n = 0; n < 100_000; n += 1) rows.push(`fleet-${String(n).padStart(6, '0')},${hash},false`)
  rows[17] = 'broken-17,not-a-hash,false'
  rows[301] = rows[300]!
  await go(page, stage, '/users/import', 'Import users')
  await page.locator('input[type=file]').setInputFiles({ name: 'fleet.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n') + '\n') })
  await page.getByRole('button', { name: 'Try it dry' }).click()
  await expect(page.getByText('Read; nothing was written')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('row', { name: /17|18/ }).first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Import 99,998 users' })).toBeEnabled()
  await page.getByRole('button', { name: 'Import 99,998 users' }).click()
  await expect(page.getByRole('heading', { name: 'Imported' })).toBeVisible({ timeout: 90_000 })
  await go(page, stage, '/users', 'Users')
  await expect(page.getByText(/(99,998|99,999|100,000) users/)).toBeVisible()
  await page.getByLabel('Part of the user name').fill('fleet-0999')
  await expect(page.getByRole('link', { name: 'fleet-099900' })).toBeVisible()
})

test('a file that is no list of users fails as a whole, with the cause', async ({ page, stage }) => {
  await go(page, stage, '/users/import', 'Import users')
  await page.locator('input[type=file]').setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') })
  await page.getByRole('button', { name: 'Try it dry' }).click()
  await expect(page.getByRole('heading', { name: 'Nothing was imported' })).toBeVisible()
  await expect(page.getByRole('alert')).toContainText('a column that is not known')
})
