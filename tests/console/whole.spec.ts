import { bare, expect, firstAdministrator, go } from './stage'

// What the console is for, from an empty store on, by the pages alone: tokens of a provider are taken with a claim rule; a
// device is refused; somebody finds out why, mends it, looks first at what the mend does, and makes it law.
bare('JWKS authentication with a claim rule is configured, a refused device found, its mend previewed and made law, by the pages alone', async ({ page, stage }) => {
  bare.setTimeout(90_000)
  const { token } = await stage.ask({ do: 'token', subject: 'press-9', username: 'hall-3' })
  const comes = async (): Promise<{ code: number; err: string }> =>
    (await stage.ask({ do: 'publish', client_id: 'press-9', username: 'press-9', password: token, topic: 'halls/3/press-9' })) as { code: number; err: string }
  await firstAdministrator(page, stage)
  expect((await comes()).code).not.toBe(0) // nothing is configured yet

  await page.getByRole('link', { name: 'JWT', exact: true }).click()
  await page.getByLabel('Address of the key set (JWKS)', { exact: true }).fill(`${stage.keys}/keys`)
  await page.getByRole('button', { name: 'Test this address' }).click()
  await expect(page.getByText('This key set can be used')).toBeVisible({ timeout: 15_000 })
  await page.getByRole('button', { name: 'username = %u' }).click()
  const draft = page.getByRole('region', { name: 'Draft of settings' })
  await expect(draft).toContainText('finds nothing wrong')
  await draft.getByRole('button', { name: 'Review and make law' }).click()
  await page.getByRole('dialog').getByLabel('Why').fill('tokens of the plant')
  await page.getByRole('dialog').getByRole('button', { name: 'Make it law' }).click()
  await expect(page.getByText(/Revision \d+ is law/)).toBeVisible()

  // A real device with the client that everybody has.
  await expect(async () => {
    const refused = await comes()
    expect(refused.code).not.toBe(0)
    expect(refused.err).toMatch(/not authori[sz]ed|bad user name/i)
    const seen = await stage.ask({ do: 'ask', method: 'GET', path: '/decisions?client_id=press-9&reason=claim_mismatch' })
    expect(seen.body.items.length).toBeGreaterThan(0)
  }).toPass({ timeout: 15_000 })

  // From "refused" to the mend.
  await go(page, stage, '/overview', 'Overview')
  let clicks = 0
  const click = async (what: ReturnType<typeof page.getByRole>): Promise<void> => {
    clicks += 1
    await what.click()
  }
  await click(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Refused' }))
  const cause = page.getByRole('listitem').filter({ hasText: 'A claim does not have the value' })
  await click(cause.getByRole('link', { name: 'press-9' }))
  await expect(page.getByRole('heading', { name: 'The way it went' })).toBeVisible()
  await expect(page.getByText('another value of the claim username, or no rule for it')).toBeVisible()
  await click(page.getByRole('link', { name: 'To where it is mended' }))
  // The plant names the device in sub: the rule that is meant is focused, and typing is no click.
  await expect(page.locator('[data-setting="jwt.claims"] input').first()).toBeFocused()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('sub')
  await expect(draft).toContainText('finds nothing wrong')
  expect(clicks).toBeLessThan(5)

  await draft.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByText(/Nobody would newly be refused/)).toBeVisible()
  await expect(page.getByRole('link', { name: 'press-9' }).first()).toBeVisible()
  await draft.getByRole('button', { name: 'Review and make law' }).click()
  await page.getByRole('dialog').getByLabel('Why').fill('the plant names devices in sub')
  await page.getByRole('dialog').getByRole('button', { name: 'Make it law' }).click()
  await expect(page.getByText(/Revision \d+ is law/)).toBeVisible()
  await expect(async () => expect((await comes()).code).toBe(0)).toPass({ timeout: 5000 })
  await go(page, stage, '/devices/press-9', 'press-9')
  await expect(page.getByText('Let in', { exact: true }).first()).toBeVisible()
})
