import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { validityOf } from '../identity/certificate.ts'
import { hasIdentity, readIdentity } from '../identity/files.ts'
import { takeLock } from '../lock.ts'
import type { Verb } from '../main.ts'

const verb: Verb = {
  summary: 'says who this agent is, whether it runs, and what waits on its disk',
  async run({ dataDir }) {
    const rows = {
      'data folder': dataDir,
      ...identityRows(dataDir),
      running: (await isRunning(dataDir)) ? 'yes' : 'no',
      spool: spoolRow(dataDir),
    }
    for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(14)}${value}\n`)
  },
}
export default verb

function identityRows(dataDir: string): Record<string, string> {
  if (!hasIdentity(dataDir)) return { enrolled: 'no' }
  const { pinned, credentials } = readIdentity(dataDir)
  const { to, renewAt } = validityOf(credentials.certificate)
  const certificate = `until ${new Date(to).toISOString()}, renewed from ${new Date(renewAt).toISOString()} on`
  return { collector: pinned.collector, endpoint: pinned.endpointId, certificate }
}

async function isRunning(dataDir: string): Promise<boolean> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lock = await takeLock(dataDir)
  await lock?.release()
  return lock === undefined
}

/** By file sizes only: opening a spool that another process writes could cut off what it is writing. */
function spoolRow(dataDir: string): string {
  const found = readdirSync(dataDir).includes('spool') ? readdirSync(join(dataDir, 'spool'), { recursive: true, withFileTypes: true }) : []
  const files = found.filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
  const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  return `${Math.ceil(bytes / 1_024)} KiB in ${files.length} files`
}
