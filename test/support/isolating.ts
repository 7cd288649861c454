import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { createHost } from '../../agent/host/host.ts'
import { firewallFor, openIsolation } from '../../agent/isolate/isolate.ts'
import { systemTime } from '../../agent/system-time.ts'

/*
 * The isolate room alone, as a process to be put on a machine of its own: reads one word a line (isolate, release,
 * reapply, status, readiness), writes one JSON line each, and every signal it would raise as {"happened": …}.
 */
const { values } = parseArgs({
  options: { dir: { type: 'string' }, ca: { type: 'string' }, collector: { type: 'string', multiple: true } },
})
const { dir = '', ca = '', collector = [] } = values
const say = (line: unknown): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)

const isolation = await openIsolation({
  dir,
  firewall: firewallFor('linux', createHost()),
  isAllowed: true,
  ca,
  collectorAddresses: async () => collector.map((place) => ({ address: place.split(' ')[0] ?? '', port: Number(place.split(' ')[1]) })),
  happened: async (event) => void say({ happened: event }),
  append: async (_lane, reported) => (say({ reported }) ? 1 : 0),
  time: systemTime,
  log: pino({ level: 'silent' }),
})

/** The real clock's timers keep no process alive; standing in a pipe does. */
for await (const line of createInterface({ input: process.stdin })) {
  const [word, commandId = 'command-0'] = line.split(' ')
  const startedAt = performance.now()
  if (word === 'isolate') await isolation.isolate(commandId)
  if (word === 'release') await isolation.release(commandId)
  if (word === 'reapply') await isolation.reapply()
  if (word === 'readiness') await isolation.readiness()
  say({ status: isolation.status(), tookMs: performance.now() - startedAt })
}
await isolation.stop()
