import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import type { Scenario } from './scenario.ts'
import { startAttack, writeDocuments } from './stage/attack.ts'
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
  attack.stop()
  const cutOff = await tryConnection(machines.endpoint, machines.neighbour.ipv4, sharePort)
  const open = await ticketsOf(world)
  const alarm = open.find(({ kind }) => kind.startsWith('security.ransomware'))
  if (!alarm) throw new Error('no ticket tells of it')
  const task = open.find(({ title }) => title.startsWith('Restore '))

  const began = performance.now()
  const { version } = await person.get<TicketDetail>(`/api/tickets/${alarm.id}`)
  const reason = 'we encrypt this folder before it goes to the archive'
  await person.post(`/api/tickets/${alarm.id}/release`, { version, reason, isFalseAlarm: true })
  await world.until(({ isolation }) => isolation.actual === 'open')
  const tookMs = performance.now() - began

  const ended = await person.get<TicketDetail>(`/api/tickets/${alarm.id}`)
  const restoring = task && (await person.get<TicketDetail>(`/api/tickets/${task.id}`))
  const back = await tryConnection(machines.endpoint, machines.neighbour.ipv4, sharePort)
  const facts: [string, boolean][] = [
    [`while it was cut off, its neighbour could not be reached (${cutOff})`, cutOff !== 'connected'],
    [`one step later it can (${back}), ${Math.round(tookMs)} ms after`, back === 'connected'],
    [`the ticket ended as ${ended.resolution ?? ended.status}`, ended.resolution === 'false-alarm'],
    [`the task to restore was closed with it (${restoring?.resolution ?? 'there was none'})`, restoring?.resolution === 'false-alarm'],
    ['nothing else is open on the machine', (await ticketsOf(world)).every(({ id }) => id !== alarm.id && id !== task?.id)],
  ]
  console.log(`\nFalse alarm on ${endpointId}:`)
  for (const [fact, isSo] of facts) console.log(`  ${isSo ? '✓' : '✗'} ${fact}`)
  const holds = facts.every(([, isSo]) => isSo)
  console.log(holds ? '\nAll of it held.' : '\nNot all of it held: see the lines marked with ✗.')
  return holds
}

const ticketsOf = async ({ person, endpointId }: World): Promise<TicketList['tickets']> =>
  (await person.get<TicketList>(`/api/tickets?status=open&endpointId=${endpointId}`)).tickets
