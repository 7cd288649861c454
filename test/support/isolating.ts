import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { usualIsolation } from '#shared/domain/isolation-settings.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { createHost } from '../../agent/host/host.ts'
import type { CollectorAddress } from '../../agent/isolate/address.ts'
import { drill } from '../../agent/isolate/drill.ts'
import { firewallFor, openIsolation } from '../../agent/isolate/isolate.ts'
import { findWitnesses } from '../../agent/isolate/witnesses.ts'
import { systemTime } from '../../agent/system-time.ts'

/*
 * The isolate room alone, as a process to be put on a machine of its own: reads one word a line (isolate, release,
 * reapply, status, readiness), writes one JSON line each, and every signal it would raise as {"happened": …}. On the clock
 * of `--hurry=5`, seconds that are only waited are a fifth as long; connections that take milliseconds have their time.
 */
const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    ca: { type: 'string' },
    collector: { type: 'string', multiple: true },
    hurry: { type: 'string' },
    unproven: { type: 'string' },
    outside: { type: 'string' },
    moves: { type: 'string' },
  },
})
const { dir = '', ca = '', collector = [], hurry = '1', unproven, outside = null, moves } = values
const say = (line: unknown): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)

const firewall = firewallFor('linux', createHost(systemTime), systemTime)
const addressIn = (place: string): CollectorAddress => ({ address: place.split(' ')[0] ?? '', port: Number(place.split(' ')[1]) })
/** With `--moves`, its name means another address as soon as the rules stand. */
async function collectorAddresses(): Promise<CollectorAddress[]> {
  const hasMoved = moves !== undefined && (await firewall?.snapshot()) !== undefined
  const places = hasMoved ? [moves] : collector
  say({ resolved: places })
  return places.map(addressIn)
}
const isolation = await openIsolation({
  dir,
  firewall,
  isAllowed: true,
  settings: () => ({ ...usualIsolation, outside, unproven: unproven === 'reopen' ? 'reopen' : 'stay-closed' }),
  ca,
  collectorAddresses,
  happened: async (event) => void say({ happened: event }),
  append: async (_lane, reported) => (say({ reported }) ? 1 : 0),
  time: hurried(Number(hurry)),
  log: pino({ level: 'silent' }),
})

async function tryFor(forMs: number): Promise<unknown> {
  if (!firewall) throw new Error('no firewall')
  const about = { firewall, collectorAddresses, ca, findPlaces: findWitnesses, whyNot: async () => undefined, time: systemTime, forMs }
  return drill({ ...about, say: (line) => void say({ drill: line }) })
}

/** Monotonic time runs so many times as fast, and with it every wait of a second or more. */
function hurried(times: number): Time {
  return {
    now: systemTime.now,
    monotonic: () => systemTime.monotonic() * times,
    after: (ms, run) => systemTime.after(ms < seconds(1) ? ms : ms / times, run),
  }
}

/** The real clock's timers keep no process alive; standing in a pipe does. */
for await (const line of createInterface({ input: process.stdin })) {
  const [word, commandId = 'command-0'] = line.split(' ')
  const startedAt = performance.now()
  if (word === 'isolate') await isolation.isolate(commandId)
  if (word === 'release') await isolation.release(commandId)
  if (word === 'reapply') await isolation.reapply()
  if (word === 'readiness') await isolation.readiness()
  if (word === 'drill') say({ drilled: await tryFor(Number(commandId)) })
  say({ status: isolation.status(), tookMs: performance.now() - startedAt })
}
await isolation.stop()
