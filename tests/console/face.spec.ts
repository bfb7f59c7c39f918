import { readFileSync } from 'node:fs'
import { expect, go, isThere, test } from './stage'

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const PAGES = ['/overview', '/refused', '/refused/expired', '/devices/pump-1', '/decisions', '/sessions', '/authentication', '/users', '/users/import', '/jwt', '/keys', '/topics', '/revocations', '/revocations?tab=blocks', '/try', '/try?tab=inspect', '/try?tab=issue', '/preview', '/revisions', '/administrators', '/administrators?tab=tokens', '/activity', '/account'].filter((path) => !path.startsWith('/revocations') || isThere('listRevocations'))

// At every width where all is tested; the layouts between are the same pages.
const WIDTHS = process.env.SALLYPORT_TEST_ALL ? [360, 1280, 2560] : [1280]
for (const theme of ['light', 'dark'] as const) {
  test(`no page has a fault that axe finds, in the ${theme} theme`, async ({ page, stage }) => {
    test.setTimeout(120_000 * WIDTHS.length)
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    const faults: string[] = []
    for (const [width, path] of WIDTHS.flatMap((one) => PAGES.map((two): [number, string] => [one, two]))) {
      await page.setViewportSize({ width, height: 860 })
      await go(page, stage, path)
      await expect(page.locator('main h1')).toBeVisible()
      await expect(page.locator('.skeleton')).toHaveCount(0)
      // Evaluated by the test's own protocol, which the page's policy does not govern.
      const found = await page.evaluate(`(async () => { ${axe}; const seen = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }); return seen.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html.slice(0, 140)).slice(0, 3).join(' | ')) })()`)
      faults.push(...(found as string[]).map((one) => `${path} at ${width}: ${one}`))
    }
    expect(faults).toEqual([])
  })
}

test('no page is wider than a phone', async ({ page, stage }) => {
  test.setTimeout(90_000)
  await page.setViewportSize({ width: 360, height: 780 })
  const wide: string[] = []
  for (const path of PAGES) {
    await go(page, stage, path)
    await expect(page.locator('main h1')).toBeVisible()
    await expect(page.locator('.skeleton')).toHaveCount(0)
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (over > 0) wide.push(`${path}: ${over} px too wide`)
  }
  expect(wide).toEqual([])
})

test('no page jumps while it loads', async ({ browser, stage, state }) => {
  test.setTimeout(90_000)
  const context = await browser.newContext({ storageState: state, viewport: { width: 1280, height: 860 } })
  const page = await context.newPage()
  const jumps: string[] = []
  for (const path of PAGES) {
    await page.goto('about:blank')
    await go(page, stage, path)
    await expect(page.locator('main h1')).toBeVisible()
    await expect(page.locator('.skeleton')).toHaveCount(0)
    const moved = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0
          new PerformanceObserver((list) => {
            for (const one of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[]) if (!one.hadRecentInput) sum += one.value
          }).observe({ type: 'layout-shift', buffered: true })
          setTimeout(() => resolve(sum), 150)
        }),
    )
    if (moved > 0.1) jumps.push(`${path}: ${moved.toFixed(3)}`) // what Core Web Vitals calls good
  }
  expect(jumps).toEqual([])
  await context.close()
})

test('each page says that the daemon is away, and shows itself once it is there again', async ({ page, stage }) => {
  test.setTimeout(120_000)
  const own = ['/users/import', '/try', '/try?tab=inspect', '/account', '/preview'] // these ask for nothing to show
  const silent: string[] = []
  for (const path of PAGES.filter((one) => !own.includes(one))) {
    await page.goto('about:blank')
    await page.route(/\/api\/v1\/(?!session$|welcome)/, (route) => route.abort())
    await go(page, stage, path)
    const said = page.locator('main').getByText('The daemon does not answer').first()
    try {
      await expect(said).toBeVisible({ timeout: 4000 })
    } catch {
      silent.push(`${path} says nothing`)
    }
    await page.unroute(/\/api\/v1\/(?!session$|welcome)/)
    const again = page.getByRole('button', { name: 'Try again' })
    while (await again.first().isVisible()) await again.first().click({ timeout: 2000 }).catch(() => undefined)
    try {
      await expect(said).toBeHidden({ timeout: 4000 })
    } catch {
      silent.push(`${path} does not recover`)
    }
  }
  expect(silent).toEqual([])
})

test('the first load is under 300 kB and interactive in under a second', async ({ browser, stage, state }) => {
  const context = await browser.newContext({ storageState: state })
  const page = await context.newPage()
  const client = await context.newCDPSession(page)
  await client.send('Network.enable')
  let bytes = 0
  client.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
  const started = Date.now()
  await page.goto(`${stage.url}/#/overview`)
  await expect(page.getByRole('link', { name: /Let in/ })).toBeVisible()
  const took = Date.now() - started
  // The stream of news never is idle: the first load is over when nothing has come for a second.
  for (let before = -1; before !== bytes; await page.waitForTimeout(1000)) before = bytes
  expect(bytes).toBeGreaterThan(30_000)
  expect(bytes).toBeLessThan(300_000)
  // On loopback; a machine that does other things beside gets the benefit of three.
  expect(took).toBeLessThan(3000)
  await context.close()
})

test('the pages come with a policy that allows nothing but themselves', async ({ page, stage }) => {
  const answer = await page.request.get(stage.url)
  const policy = answer.headers()['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  expect(policy).toContain("frame-ancestors 'none'")
})
