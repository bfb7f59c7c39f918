import { defineConfig } from '@playwright/test'

// One browser, one worker: two cores are all there is, and the daemon and broker want theirs.
export default defineConfig({
  testDir: '.',
  outputDir: process.env.CONSOLE_OUTPUT ?? '/tmp/sallyport-console-results',
  workers: 1,
  fullyParallel: false,
  timeout: 45_000,
  expect: { timeout: 8_000 },
  reporter: process.env.CONSOLE_REPORT ? [['json', { outputFile: process.env.CONSOLE_REPORT }]] : [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: process.env.CONSOLE_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] },
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 860 },
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'off',
  },
})
