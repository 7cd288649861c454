import { promises as dns } from 'node:dns'
import { readFileSync } from 'node:fs'
import { isIP, type LookupFunction } from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { identityFolder, writeDurably } from './files.ts'

const Addresses = z.array(z.object({ address: z.string(), family: z.union([z.literal(4), z.literal(6)]) })).min(1)
export type Addresses = z.infer<typeof Addresses>

/**
 * The collector's addresses, known before they are needed: an isolated endpoint can't ask a name server any more
 * (nothing but the collector answers it), so what was last resolved is kept on disk and used when the name is silent.
 */
export interface CollectorAddresses {
  readonly port: number
  /** @throws when the name never resolved and doesn't now. */
  resolve(): Promise<Addresses>
}

/** The same as a `lookup` for node:net, so that sockets dial by what is known here. */
export function lookupOf(addresses: CollectorAddresses): LookupFunction {
  return (_host, options, done) => {
    addresses.resolve().then(
      (found) => {
        const first = found[0]
        if (options.all) done(null, found)
        else if (first) done(null, first.address, first.family)
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), ''),
    )
  }
}

type Lookup = (host: string) => Promise<Addresses>

/** A name server that takes longer than this is as good as none. */
const patienceMs = seconds(2)

export function openCollectorAddresses(options: {
  collector: string
  dataDir: string
  time: Time
  log: Logger
  lookup?: Lookup
}): CollectorAddresses {
  const url = new URL(options.collector)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const file = join(identityFolder(options.dataDir), 'addresses.json')
  const lookup = options.lookup ?? lookupAll
  const port = url.port === '' ? 443 : Number(url.port)

  async function resolve(): Promise<Addresses> {
    const family = isIP(host)
    if (family === 4 || family === 6) return [{ address: host, family }]
    try {
      const found = await withPatience(lookup(host), options.time, host)
      // What can't be remembered is true all the same.
      await remember(found).catch((error: unknown) =>
        options.log.warn({ reason: sentenceOf(error) }, 'the collector’s addresses could not be kept'),
      )
      return found
    } catch (error) {
      const known = read(file)
      if (known) return known
      throw error
    }
  }

  async function remember(found: Addresses): Promise<void> {
    const isSame = JSON.stringify(read(file)) === JSON.stringify(found)
    if (!isSame) await writeDurably(file, JSON.stringify(found))
  }

  return { port, resolve }
}

async function lookupAll(host: string): Promise<Addresses> {
  const found = await dns.lookup(host, { all: true, order: 'verbatim' })
  return Addresses.parse(found)
}

function withPatience<Found>(looking: Promise<Found>, time: Time, host: string): Promise<Found> {
  const { promise, reject } = Promise.withResolvers<never>()
  const cancel = time.after(patienceMs, () => reject(new Error(`the name ${host} did not resolve within ${patienceMs} ms`)))
  return Promise.race([looking, promise]).finally(cancel)
}

function read(file: string): Addresses | undefined {
  try {
    const parsed = Addresses.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
