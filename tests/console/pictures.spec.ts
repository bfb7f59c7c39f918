import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, go, isThere, test } from './stage'

// The manual's pictures, made by scripts/console-pictures; and, by the way, each page at each width in both themes.
const folder = process.env.CONSOLE_PICTURES
const ALL: [string, string][] = [
  ['overview', '/overview'],
  ['refused', '/refused'],
  ['device', '/devices/valve-1'],
  ['decisions', '/decisions'],
  ['connected', '/sessions'],
  ['authentication', '/authentication'],
  ['users', '/users'],
  ['jwt', '/jwt'],
  ['keys', '/keys'],
  ['topics', '/topics'],
  ['revocations', '/revocations'],
  ['try', '/try'],
  ['preview', '/preview'],
  ['revisions', '/revisions'],
  ['administrators', '/administrators'],
  ['activity', '/activity'],
]
const PAGES = ALL.filter(([name]) => name !== 'revocations' || isThere('listRevocations'))

test('each page has its picture at three widths and in both themes', async ({ browser, page, stage, state }) => {
  test.skip(!folder, 'pictures are asked for by scripts/console-pictures')
  test.setTimeout(400_000)
  mkdirSync(folder!, { recursive: true })
  for (const [name, password] of [['press-1', 'a good pass phrase'], ['press-2', 'another pass phrase'], ['lab-bench', 'one more pass phrase']]) {
    await stage.ask({ do: 'ask', method: 'POST', path: '/users', body: { username: name, password } })
  }
  await stage.ask({ do: 'ask', method: 'POST', path: '/revocations', body: { principal: 'meter-4699', why: 'stolen from the yard' } })
  await stage.ask({ do: 'ask', method: 'POST', path: '/administrators', body: { name: 'olaf', role: 'operator' } })
  const law = async (changes: object, why: string): Promise<void> => {
    const { etag } = await stage.ask({ do: 'ask', method: 'GET', path: '/settings' })
    expect((await stage.ask({ do: 'ask', method: 'POST', path: '/settings/revisions', etag, body: { changes, why } })).status).toBe(201)
  }
  await law({ 'jwt.leeway': '30s' }, 'clocks of the old hall are late')
  await law({ 'jwt.leeway': '30s', 'jwt.max_lifetime': '7d' }, 'no token for ever')
  const { token } = await stage.ask({ do: 'token', subject: 'valve-1', username: 'somebody-else' })
  await stage.ask({ do: 'traffic' })
  await go(page, stage, '/overview', 'Overview')
  await page.waitForTimeout(45_000) // the overview's rates are those of ten seconds, and a curve has more than one point

  for (const theme of ['light', 'dark'] as const) {
    for (const width of [360, 1280, 2560]) {
      const context = await browser.newContext({ storageState: state, colorScheme: theme, reducedMotion: 'reduce', viewport: { width, height: width === 360 ? 780 : width === 1280 ? 860 : 1440 }, locale: 'en-GB', timezoneId: 'UTC' })
      const one = await context.newPage()
      for (const [name, path] of PAGES) {
        if (name === 'preview') {
          // A draft to look at: it lives in the page, so it is made in the page.
          await go(one, stage, '/jwt', 'JWT')
          await one.getByRole('button', { name: 'Remove the rule of username' }).click()
          await one.getByRole('region', { name: 'Draft of settings' }).getByText('finds nothing wrong').waitFor()
          await one.getByRole('button', { name: 'Preview' }).click()
          await one.getByText(/would newly be refused/).first().waitFor()
          await one.mouse.move(0, 0)
        } else {
          await go(one, stage, path)
        }
        await expect(one.locator('main h1')).toBeVisible()
        if (name === 'device') await one.getByRole('heading', { name: 'The way it went' }).waitFor()
        if (name === 'try') {
          await one.getByLabel('Client id').fill('valve-1')
          await one.getByLabel('User name').fill('valve-1')
          await one.getByLabel('Password or token').fill(token)
          await one.getByRole('button', { name: 'Judge it' }).click()
          await one.locator('main').getByText('Refused', { exact: true }).waitFor()
          await one.mouse.move(0, 0)
          await one.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
        }
        await one.evaluate(() => window.scrollTo(0, 0))
        await one.waitForTimeout(400)
        await expect(one.locator('.skeleton')).toHaveCount(0)
        await one.screenshot({ path: join(folder!, `${name}-${width}-${theme}.png`) })
        if (name === 'preview') await one.getByRole('button', { name: 'Discard' }).click()
      }
      await context.close()
    }
  }
})
