import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
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

let built: Promise<string> | undefined

/** The folder of the console as its sources are now; built once a process, and gone with the run's other files. */
export const builtConsole = (): Promise<string> => (built ??= made())

async function made(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-console-'))
  const root = join(import.meta.dirname, '../../server/console')
  await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  return folder
}
