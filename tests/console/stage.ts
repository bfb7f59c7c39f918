import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test'

/** Whether the contract has an operation without the mark x-not-yet. */
export function isThere(operation: string): boolean {
  const text = readFileSync(join(__dirname, '..', '..', 'api', 'openapi.yaml'), 'utf8')
  const block = text.split(/\n(?= {4}(?:get|post|put|patch|delete):)/).find((one) => one.includes(`operationId: ${operation}\n`))
  return block !== undefined && !/x-not-yet: true/.test(block)
}

export interface Stage {
  url: string
  link: string
  port: number
  keys: string
  password: string
  folder: string
  /** What devices, the command line and other administrators do: tests/console/stage.py. */
  ask: (what: Record<string, unknown>) => Promise<Record<string, any>>
}

async function open(bare: boolean): Promise<{ stage: Stage; close: () => Promise<void> }> {
  const child: ChildProcessWithoutNullStreams = spawn('/usr/bin/python3', [join(__dirname, 'stage.py'), ...(bare ? ['--bare'] : [])])
  let errors = ''
  child.stderr.on('data', (piece) => (errors += piece))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Record<string, any>> => {
    const line = await lines.next()
    if (line.done) throw new Error(`the stage fell down:\n${errors.slice(-4000)}`)
    return JSON.parse(line.value)
  }
  const facts = await next()
  const ask = async (what: Record<string, unknown>): Promise<Record<string, any>> => {
    child.stdin.write(JSON.stringify(what) + '\n')
    const answer = await next()
    if (answer.error) throw new Error(`${JSON.stringify(what)}: ${answer.error}`)
    return answer
  }
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      child.on('exit', () => resolve())
      child.stdin.end()
    })
  return { stage: { ...(facts as unknown as Stage), ask }, close }
}

export async function firstAdministrator(page: Page, stage: Stage): Promise<void> {
  await page.goto(stage.link)
  await page.getByLabel('Name', { exact: true }).fill('ada')
  await page.getByLabel('New password').fill(stage.password)
  await page.getByRole('button', { name: 'Set it and go in' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()
}

/** Whatever a page must never do: errors, a broken policy, a word to another host. */
function watch(page: Page, stage: Stage, said: string[]): void {
  page.on('pageerror', (error) => said.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (/Content.Security.Policy|violates/i.test(message.text())) said.push(`policy: ${message.text()}`)
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(stage.url) && !url.startsWith('blob:')) said.push(`foreign: ${url}`)
  })
}

type State = Awaited<ReturnType<BrowserContext['storageState']>>

export const test = base.extend<{ page: Page }, { stage: Stage; state: State }>({
  stage: [
    async ({}, use) => {
      const { stage, close } = await open(false)
      await use(stage)
      await close()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  // The first administrator's cookie, made once.
  state: [
    async ({ browser, stage }, use) => {
      const context = await browser.newContext()
      await firstAdministrator(await context.newPage(), stage)
      await stage.ask({ do: 'fleet' })
      await use(await context.storageState())
      await context.close()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  page: async ({ browser, stage, state }, use) => {
    const context = await browser.newContext({ storageState: state, reducedMotion: 'reduce' })
    const page = await context.newPage()
    const said: string[] = []
    watch(page, stage, said)
    await use(page)
    await context.close()
    expect(said).toEqual([])
  },
})

/** A stage of its own, where nobody has ever signed in. */
export const bare = base.extend<{ stage: Stage }>({
  stage: async ({}, use) => {
    const { stage, close } = await open(true)
    await use(stage)
    await close()
  },
})

export async function go(page: Page, stage: Stage, path: string, heading?: string | RegExp): Promise<void> {
  await page.goto(`${stage.url}/#${path}`)
  if (heading) await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
}

/** Somebody of another role, signed in with a browser of his own. */
export async function colleague(context: BrowserContext, stage: Stage, name: string, role: string): Promise<Page> {
  const { link } = await stage.ask({ do: 'colleague', name, role })
  const page = await context.newPage()
  await page.goto(link)
  await page.getByLabel('New password').fill(stage.password)
  await page.getByRole('button', { name: 'Set it and go in' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()
  return page
}

export { expect }
