import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * One line for people about something secret: on a terminal the secret itself, anywhere else (a log, a service) the
 * name of the file it was written to, which only its owner can read.
 */
export function showSecret(secret: string, file: { dataDir: string; name: string }): string {
  if (process.stdout.isTTY) return secret
  const path = join(file.dataDir, file.name)
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
  return `in ${path}`
}
