import { setTimeout as pause } from 'node:timers/promises'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { NoiseExceptionList } from '#shared/api/noise.ts'
import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import { days } from '#shared/domain/time.ts'
import type { Scenario } from './scenario.ts'
import { type Attack, startAttack, writeDocuments } from './stage/attack.ts'
import { openWorld, sharePort, tryConnection, type World, whyNoWorld } from './stage/world.ts'

const documentCount = 200

export default {
  says: 'somebody encrypts a folder on purpose: the machine is cut off, and one step undoes all of it',
  whyNot: whyNoWorld,
  play: async () => {
    console.log(`Setting the stage: a collector, an endpoint with ${documentCount} documents, a neighbour …`)
    const world = await openWorld((documents) => writeDocuments(documents, documentCount))
    try {
      return await play(world)
    } catch (error) {
      console.error(`\nIt did not hold: ${error instanceof Error ? error.message : error}`)
      return false
    } finally {
      await world.close()
    }
  },
} satisfies Scenario

async function play(world: World): Promise<boolean> {
  const { person, machines, endpointId } = world
  const attack = startAttack(machines.endpoint, world.documents)
  await attack.first(world.canaries)
  await world.until(({ isolation }) => isolation.actual === 'isolated')
  const halting = await world.until(({ commands }) => commands.some(isDone('suspend-process')))
  const before = attack.taken.length
  await pause(300)
  const halted = attack.taken.length
  const cutOff = await tryConnection(machines.endpoint, machines.neighbour.ipv4, sharePort)
  const open = await ticketsOf(world)
  const alarm = open.find(({ kind }) => kind.startsWith('security.ransomware'))
  if (!alarm) throw new Error('no ticket tells of it')
  const task = open.find(({ title }) => title.startsWith('Restore '))

  const goesOn = stopOnceItGoesOn(attack, halted)
  const began = performance.now()
  const { version } = await person.get<TicketDetail>(`/api/tickets/${alarm.id}`)
  const reason = 'we encrypt this folder before it goes to the archive'
  await person.post(`/api/tickets/${alarm.id}/release`, { version, reason, isFalseAlarm: true })
  await world.until(({ isolation }) => isolation.actual === 'open')
  const tookMs = performance.now() - began
  const back = await tryConnection(machines.endpoint, machines.neighbour.ipv4, sharePort)

  const ended = await person.get<TicketDetail>(`/api/tickets/${alarm.id}`)
  const restoring = task && (await person.get<TicketDetail>(`/api/tickets/${task.id}`))
  await goesOn
  await world.until(({ commands }) => commands.some(isDone('resume-process')))
  const { exceptions } = NoiseExceptionList.parse(await person.get(`/api/noise-exceptions?organisationId=${halting.organisation.id}`))
  const days_ = exceptions.map(({ until, createdAt }) => (until - createdAt) / days(1))
  const facts: [string, boolean][] = [
    [`while it was cut off, its neighbour could not be reached (${cutOff})`, cutOff !== 'connected'],
    [`one step later it can (${back}), ${Math.round(tookMs)} ms after`, back === 'connected'],
    [`the ticket ended as ${ended.resolution ?? ended.status}`, ended.resolution === 'false-alarm'],
    [`the task to restore was closed with it (${restoring?.resolution ?? 'there was none'})`, restoring?.resolution === 'false-alarm'],
    [
      `what was halted stood still (${halted - before} files in 300 ms), and went on (${attack.taken.length - halted} more)`,
      halted === before && attack.taken.length > halted,
    ],
    [`its program is excepted on this machine for ${days_.join(', ')} days`, days_.length > 0 && days_.every((count) => count === 30)],
    ['nothing else is open on the machine', (await ticketsOf(world)).every(({ id }) => id !== alarm.id && id !== task?.id)],
  ]
  console.log(`\nFalse alarm on ${endpointId}:`)
  for (const [fact, isSo] of facts) console.log(`  ${isSo ? '✓' : '✗'} ${fact}`)
  const holds = facts.every(([, isSo]) => isSo)
  console.log(holds ? '\nAll of it held.' : '\nNot all of it held: see the lines marked with ✗.')
  return holds
}

/** On a busy machine who wrote the next files may not be known, and what nobody is known for is excepted for nobody. */
async function stopOnceItGoesOn(attack: Attack, halted: number): Promise<void> {
  const giveUpAt = performance.now() + 60_000
  while (attack.taken.length === halted && performance.now() < giveUpAt) await pause(5)
  attack.stop()
}

const isDone =
  (asked: string) =>
  ({ verb, status }: EndpointDetail['commands'][number]): boolean =>
    verb === asked && status === 'succeeded'

const ticketsOf = async ({ person, endpointId }: World): Promise<TicketList['tickets']> =>
  (await person.get<TicketList>(`/api/tickets?status=open&endpointId=${endpointId}`)).tickets
