import { promises as dns } from 'node:dns'
import { readFileSync } from 'node:fs'
import { isIP, type LookupFunction } from 'node:net'
import type { Logger } from 'pino'
import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { writeDurably } from './files.ts'

const Addresses = z.array(z.object({ address: z.string(), family: z.union([z.literal(4), z.literal(6)]) })).min(1)
export type Addresses = z.infer<typeof Addresses>

/**
 * What the collector's names mean, known before it is needed: an isolated endpoint can't ask a name server any more
 * (nothing but the collector answers it), so what was last resolved is kept on disk and used when the name is silent.
 */
export interface HostNames {
  /** @throws when the name never resolved and doesn't now. */
  resolve(host: string): Promise<Addresses>
  /** Without asking anybody: what it resolved to last. An address means itself. */
  known(host: string): Addresses | undefined
}

export type Lookup = (host: string) => Promise<Addresses>

export interface HostNamesOptions {
  file: string
  time: Time
  log: Logger
  lookup?: Lookup | undefined
}

/** A name server that takes longer than this is as good as none. */
const patienceMs = seconds(2)
/** Twice what a list of addresses names; those of earlier lists leave. */
const maxNames = 20

export function openHostNames({ file, time, log, lookup = lookupAll }: HostNamesOptions): HostNames {
  const names = new Map<string, Addresses>(Object.entries(read(file)))
  const known = (host: string): Addresses | undefined => ownAddress(host) ?? names.get(host)

  async function resolve(host: string): Promise<Addresses> {
    const own = ownAddress(host)
    if (own) return own
    try {
      const found = await withPatience(lookup(host), time, host)
      await remember(host, found)
      return found
    } catch (error) {
      const kept = names.get(host)
      if (kept) return kept
      throw error
    }
  }

  /** What can't be kept is true all the same. */
  async function remember(host: string, found: Addresses): Promise<void> {
    if (JSON.stringify(names.get(host)) === JSON.stringify(found)) return
    names.delete(host)
    names.set(host, found)
    for (const oldest of [...names.keys()].slice(0, -maxNames)) names.delete(oldest)
    await writeDurably(file, JSON.stringify(Object.fromEntries(names))).catch((error: unknown) =>
      log.warn({ reason: sentenceOf(error) }, 'the collector’s addresses could not be kept'),
    )
  }

  return { resolve, known }
}

/** The same as a `lookup` for node:net, so that sockets dial by what is known here. */
export function lookupOf({ resolve }: HostNames): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (found) => {
        const first = found[0]
        if (options.all) done(null, found)
        else if (first) done(null, first.address, first.family)
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), ''),
    )
  }
}

function ownAddress(host: string): Addresses | undefined {
  const family = isIP(host)
  return family === 4 || family === 6 ? [{ address: host, family }] : undefined
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

function read(file: string): Record<string, Addresses> {
  try {
    const parsed = z.record(z.string(), Addresses).safeParse(JSON.parse(readFileSync(file, 'utf8')))
    return parsed.success ? parsed.data : {}
  } catch {
    return {}
  }
}
