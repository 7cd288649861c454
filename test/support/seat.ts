import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { type ApiClient, signIn } from './api.ts'
import { builtConsole, complaintsOf, openBrowser } from './browser.ts'
import { startTestCollector, type TestCollector } from './collector.ts'

/** Text of a machine, a mail or a customer that would run if it were ever taken for markup. */
export const hostile = `<img src=x onerror="document.title='run'">`

/** Somebody in front of the console: a real browser, signed in at a real collector as its first admin. */
export interface Seat extends AsyncDisposable {
  collector: TestCollector
  browser: Browser
  page: Page
  /** What the page complained of. */
  complaints: string[]
  /** The same person as a program. */
  api: ApiClient
  /** Whether anything that is called `hostile` became markup, or ran. */
  hasRun(): Promise<boolean>
  /** For whoever wants to look: light and dark, on a desk and on a telephone, in the folder that TIERLINE_PICTURES names. */
  keepPictures(name: string): Promise<void>
}

export async function takeSeat(chromium: string): Promise<Seat> {
  const stack = new AsyncDisposableStack()
  const collector = stack.use(await startTestCollector({ consoleDist: await builtConsole() }))
  const { consoleUrl, firstSignIn } = collector
  const browser = await openBrowser(chromium)
  stack.defer(() => browser.close())
  const context = await browser.newContext({
    ...{ baseURL: consoleUrl, viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Berlin' },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(5_000)
  const complaints = complaintsOf(page)
  await signInAt(page, firstSignIn)
  return {
    ...{ collector, browser, page, complaints },
    api: await signIn(consoleUrl, firstSignIn.login, firstSignIn.password),
    hasRun: async () => (await page.locator('img[src="x"]').count()) > 0 || (await page.title()).includes('run'),
    keepPictures: (name) => keepPictures(page, name),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

export async function signInAt(page: Page, { login, password }: { login: string; password: string }): Promise<void> {
  await page.goto('/')
  await page.getByLabel('Login').fill(login)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Board' }).waitFor()
}

async function keepPictures(page: Page, name: string): Promise<void> {
  const folder = process.env.TIERLINE_PICTURES
  if (folder === undefined) return
  await mkdir(folder, { recursive: true })
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 900 }
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const wide of [1280, 390]) {
      await page.setViewportSize({ width: wide, height })
      const path = join(folder, `${name}-${colorScheme}-${wide}.png`)
      await page.screenshot({ path, fullPage: true, animations: 'disabled' })
    }
  }
  await page.emulateMedia({ colorScheme: null })
  await page.setViewportSize({ width, height })
}
