import { bare, expect, firstAdministrator } from './stage'

bare('the first administrator is set by a link that works once', async ({ page, stage }) => {
  await page.goto(stage.url)
  await expect(page.getByText('Nobody can sign in yet.')).toBeVisible()
  await firstAdministrator(page, stage)
  await expect(page).toHaveURL(`${stage.url}/#/overview`)
  await page.getByRole('button', { name: 'Account of ada' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()

  await page.goto(stage.link)
  await page.getByLabel('New password').fill('another password of mine')
  const name = page.getByLabel('Name', { exact: true })
  if (await name.isVisible()) await name.fill('eve')
  await page.getByRole('button', { name: 'Set it and go in' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
})

bare('a wrong password is told without saying which of the two was wrong, and the right one leads back to where one was', async ({ page, stage }) => {
  await firstAdministrator(page, stage)
  await page.context().clearCookies()
  await page.goto(`${stage.url}/#/users`)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.getByLabel('Name', { exact: true }).fill('ada')
  await page.getByLabel('Password').fill('not it, for sure')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toBeVisible()
  await expect(page.getByRole('alert')).not.toContainText('ada')
  await page.getByLabel('Password').fill(stage.password)
  await expect(async () => {
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible({ timeout: 1000 })
  }).toPass({ timeout: 15_000 })
  await expect(page.getByText('There is no user yet.')).toBeVisible()
})
