import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#shared/domain/fault.ts'

/** Where the collector of a data folder answered when it last started; the other verbs look here. */
export interface Whereabouts {
  consoleUrl: string
  agentsUrl: string
}

const fileOf = (dataDir: string): string => join(dataDir, 'collector.json')

export function leaveWhereabouts(dataDir: string, { consoleUrl, agentsUrl }: Whereabouts): void {
  writeFileSync(fileOf(dataDir), JSON.stringify({ consoleUrl, agentsUrl }, null, 2))
}

/** @throws Fault `no-collector` when no collector ever started on this folder. */
export function readWhereabouts(dataDir: string): Whereabouts {
  try {
    return JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as Whereabouts
  } catch (cause) {
    throw new Fault('no-collector', `No collector has started on ${dataDir} yet: start it once, or name its folder with --data.`, { cause })
  }
}
