import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { CollectorAddress } from './address.ts'
import { Baselines } from './baselines.ts'
import type { Firewall } from './firewalls/firewall.ts'
import type { Place } from './knock.ts'
import { Prover, type Verdict } from './prover.ts'

/*
 * An isolation to try: the same rules and the same proof, for a minute. Enters: what an isolation needs. Leaves: what was proven.
 * Promises: only the copy is put that the kernel takes away with this process, so whatever ends it (also SIGKILL) opens the machine.
 * On failure: says why, and nothing stands. It leaves a real isolation alone.
 */

export interface DrillParts {
  firewall: Firewall
  collectorAddresses(): Promise<CollectorAddress[]>
  ca: string
  findPlaces: () => Promise<Place[]>
  whyNot(): Promise<string | undefined>
  /** One line each, as it happens. */
  say(line: string): void
  time: Time
  forMs: number
}

export type Drilled = { kind: 'refused'; reason: string } | { kind: 'tried'; verdict: Verdict; facts: Record<string, unknown> }

export async function drill(parts: DrillParts): Promise<Drilled> {
  const { firewall, collectorAddresses, time, say, forMs } = parts
  const addresses = await collectorAddresses().catch(() => [])
  const reason = await whyRefused(parts, addresses)
  if (reason !== undefined) return { kind: 'refused', reason }
  const prover = new Prover({ ...parts, isConnected: () => false, baselines: new Baselines({ findPlaces: async () => [], time }) })
  await prover.prepare(addresses)
  try {
    await firewall.hold(addresses)
    say(`cut off for ${forMs / seconds(1)} s; Ctrl-C, or whatever else ends this, opens it at once`)
    const { verdict, facts } = await prover.proveInTime(addresses, new AbortController().signal)
    say(`${verdict}: ${JSON.stringify(facts)}`)
    await new Promise<void>((resolve) => time.after(forMs, resolve))
    return { kind: 'tried', verdict, facts }
  } catch (error) {
    return { kind: 'refused', reason: sentenceOf(error) }
  } finally {
    await firewall.letGo()
    say('open again')
  }
}

async function whyRefused({ firewall, whyNot }: DrillParts, addresses: readonly CollectorAddress[]): Promise<string | undefined> {
  const ready = await firewall.readiness()
  if (!ready.isReady) return ready.reason ?? 'not ready'
  if ((await firewall.snapshot()) !== undefined) return 'this machine is isolated; a drill would say nothing'
  if (addresses.length === 0) return 'no address of the collector is known, so it would be cut off too'
  return whyNot()
}
