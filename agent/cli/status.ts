import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import addresses from '#shared/protocol/documents/addresses.ts'
import { validityOf } from '../identity/certificate.ts'
import { hasIdentity, type Pinned, readIdentity } from '../identity/files.ts'
import { takeLock } from '../lock.ts'
import type { Verb } from '../main.ts'
import { type LaneFigures, readFigures } from '../spool/figures.ts'

const verb: Verb = {
  summary: 'says who this agent is, whether it runs, and what waits on its disk',
  async run({ dataDir }) {
    const rows = {
      'data folder': dataDir,
      ...(await identityRows(dataDir)),
      running: (await isRunning(dataDir)) ? 'yes' : 'no',
      ...spoolRows(dataDir),
    }
    for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(18)}${value}\n`)
  },
}
export default verb

async function identityRows(dataDir: string): Promise<Record<string, string>> {
  if (!hasIdentity(dataDir)) return { enrolled: 'no' }
  const { pinned, credentials } = readIdentity(dataDir)
  const { to, renewAt } = validityOf(credentials.certificate)
  const certificate = `until ${new Date(to).toISOString()}, renewed from ${new Date(renewAt).toISOString()} on`
  const collector = [...new Set([...(await listed(dataDir, pinned)), pinned.collector])].join(', ')
  return { collector, endpoint: pinned.endpointId, certificate, ...(await trustRows(dataDir, pinned)) }
}

async function trustRows(dataDir: string, { operatorsBy }: Pinned): Promise<Record<string, string>> {
  const [{ openTrust }, { pino }] = await Promise.all([import('../identity/trust.ts'), import('pino')])
  const { kind, keys } = openTrust({ dataDir, pinned: operatorsBy, log: pino({ level: 'silent' }) })
  if (kind === 'collector') return { trust: 'collector (whoever runs it can do everything here)' }
  return { trust: `operators, named by ${keys.map(({ kid }) => kid).join(' and ') || 'nobody: trust.json is damaged'}` }
}

/** Where the collector said last that it is. */
async function listed(dataDir: string, { authorities }: Pinned): Promise<string[]> {
  const [{ openDocuments }, { pino }] = await Promise.all([import('../identity/documents.ts'), import('pino')])
  const documents = await openDocuments({ dataDir, authorities, log: pino({ level: 'silent' }), onKept: () => undefined })
  return documents.content(addresses)?.collectors ?? []
}

async function isRunning(dataDir: string): Promise<boolean> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lock = await takeLock(dataDir)
  await lock?.release()
  return lock === undefined
}

function spoolRows(dataDir: string): Record<string, string> {
  const lanes = readFigures(join(dataDir, 'spool'))
  return Object.fromEntries(lanes.length === 0 ? [['spool', 'empty']] : lanes.map((figures) => [`spool ${figures.lane}`, laneRow(figures)]))
}

/** How far this lane got, what of it is on this disk, and what never will be anywhere. */
function laneRow({ firstKept, acknowledged, last, lost, bytes }: LaneFigures): string {
  const kept = firstKept > last ? 'nothing kept' : `kept from ${firstKept} (${Math.ceil(bytes / 1_024)} KiB)`
  const waiting = `${last} in all, ${acknowledged} acknowledged`
  return `${waiting}, ${kept}${lost > 0 ? `, ${lost} lost` : ''}`
}
