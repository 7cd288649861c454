import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Where this machine's Chromium is; undefined when it has none. */
export function findChromium(): string | undefined {
  const places = (process.env.PATH ?? '/usr/bin').split(':').flatMap((folder) => names.map((name) => join(folder, name)))
  return [process.env.TIERLINE_CHROMIUM ?? '', ...places].find((path) => path !== '' && existsSync(path))
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const openBrowser = (executablePath: string): Promise<Browser> => chromium.launch({ executablePath, args: flags })

/** What a page complained of: errors of scripts, and whatever its security policy kept from running. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // A 401 is how the console learns that nobody is signed in.
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
  })
  return complaints
}

/** The console as its sources are now, built into a folder of its own. */
export async function buildConsole(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-console-'))
  const root = join(import.meta.dirname, '../../server/console')
  await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
