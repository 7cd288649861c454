import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { identityFolder, writeDurably } from './files.ts'
import type { HostNames } from './host-names.ts'

/** An address and a TCP port at which the collector may answer. */
export interface CollectorPlace {
  address: string
  port: number
}

/**
 * Where the collector may be: what the signed list names, in its order, and last the address of the enrolment. The one
 * that welcomed us stays the first choice, over restarts too, until it fails or another list comes.
 */
export interface CollectorAddresses {
  /** Whom to dial next, such as https://rmm.example.org:7843. */
  readonly collector: string
  /** What became of dialling it; after a failure the next one is `collector`, and after the last the first. */
  dialled(collector: string, outcome: 'welcomed' | 'failed'): void
  /** Another list has come; it begins with its first. */
  list(collectors: readonly string[]): void
  /**
   * All places of all of them, for a firewall that lets nothing else through. Waits for nobody but the name server, and
   * only for `collector`: what the other names mean was looked up when they came, and whenever we were welcomed.
   * @throws when none of their names ever resolved.
   */
  resolve(): Promise<CollectorPlace[]>
}

export interface CollectorAddressesOptions {
  enrolled: string
  listed: readonly string[]
  names: HostNames
  dataDir: string
  log: Logger
}

export function openCollectorAddresses({ enrolled, listed, names, dataDir, log }: CollectorAddressesOptions): CollectorAddresses {
  const file = join(identityFolder(dataDir), 'last-collector')
  let all = inOrder(listed, enrolled)
  let welcomed = readLast(file)
  let at = Math.max(0, all.indexOf(welcomed))
  const current = (): string => all[at] ?? enrolled

  /** Beside everything else: nobody waits for a name that may never be needed. */
  function lookAhead(): void {
    for (const { host } of all.map(placeOf)) {
      names
        .resolve(host)
        .catch((error: unknown) => log.debug({ host, reason: sentenceOf(error) }, 'a name of the collector does not resolve'))
    }
  }

  function remember(collector: string): void {
    if (welcomed === collector) return
    welcomed = collector
    writeDurably(file, collector).catch((error: unknown) => log.warn({ reason: sentenceOf(error) }, 'who welcomed us could not be kept'))
  }

  return {
    get collector() {
      return current()
    },
    dialled: (collector, outcome) => {
      if (outcome === 'failed' && collector === current()) at = (at + 1) % all.length
      if (outcome === 'failed') return
      at = Math.max(0, all.indexOf(collector))
      remember(collector)
      lookAhead()
    },
    list: (collectors) => {
      all = inOrder(collectors, enrolled)
      at = 0
      lookAhead()
    },
    resolve: async () => {
      const { host } = placeOf(current())
      const asked = await names.resolve(host).catch((error: unknown) => asError(error))
      const places = all.map(placeOf).flatMap(({ host, port }) => (names.known(host) ?? []).map(({ address }) => ({ address, port })))
      if (places.length === 0 && asked instanceof Error) throw asked
      return places
    },
  }
}

const inOrder = (listed: readonly string[], enrolled: string): string[] => [...new Set([...listed, enrolled])]

function placeOf(collector: string): { host: string; port: number } {
  const { hostname, port } = new URL(collector)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

function readLast(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
