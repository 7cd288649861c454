import { readdirSync } from 'node:fs'
import { relative } from 'node:path'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { confirmationOf } from '#shared/domain/neighbours.ts'
import type { Machine } from '../support/namespaces.ts'
import type { Scenario } from './scenario.ts'
import { startAttack, type Taken, writeDocuments } from './stage/attack.ts'
import { backUp, hasRestic, restore, verifyBackup } from './stage/backup.ts'
import { type Timeline, watchDisks } from './stage/timeline.ts'
import { agentsPort, openWorld, sharePort, tryConnection, type World, whyNoWorld } from './stage/world.ts'

const documentCount = 1_000

export default {
  says: 'a real openssl loop encrypts a workstation: its process must be halted, it must be cut off from its neighbour, which confirms that, keep its collector, be restored, and come back',
  whyNot: () => whyNoWorld() ?? (hasRestic() ? undefined : 'restic was not found; install the package restic'),
  play: async () => {
    console.log(`Setting the stage: a collector, an endpoint with ${documentCount} documents, a neighbour …`)
    let before = new Map<string, string>()
    const world = await openWorld((documents, agentData) => {
      writeDocuments(documents, documentCount)
      before = backUp(documents, agentData)
    })
    try {
      return await play(world, before)
    } catch (error) {
      console.error(`\nIt did not hold: ${error instanceof Error ? error.message : error}`)
      return false
    } finally {
      await world.close()
    }
  },
} satisfies Scenario

async function play(world: World, backedUp: Map<string, string>): Promise<boolean> {
  const { documents, canaries } = world
  console.log(`The agent has ${canaries.length} canaries among them: ${canaries.map((path) => relative(documents, path)).join(', ')}\n`)
  verifyBackup(world, world.agentData)
  await world.addNeighboursAgent()
  const before = await checkConnections(world, 'before the attack', 'connected')

  const disks = watchDisks(world)
  const attack = startAttack(world.machines.endpoint, documents)
  let touched: Taken | undefined
  // It may be halted before it comes to a canary, and then it never does.
  void attack.first(canaries).then(
    (file) => (touched = file),
    () => undefined,
  )
  const isolated = await world.until(({ isolation }) => isolation.actual === 'isolated')
  const during = await checkConnections(world, 'while it is isolated', 'cut off')
  attack.stop()
  disks.stop()
  const asked = await world.until(({ isolation }) => isolation.neighbours?.asked.every(({ said }) => said !== null) ?? false)
  const [began] = attack.taken
  if (!began) throw new Error('the machine was isolated, and the attack had taken nothing')
  const timeline = disks.timeline(began.at)
  if (!timeline) throw new Error('the machine was isolated, and the collector had not ordered it')
  tell(world, touched, timeline, attack.taken, isolated)
  const isHalted = tellSuspension(asked, attack.taken, began.at)
  const isConfirmed = tellNeighbours(asked, timeline.rulesApplied)

  const restored = await restore(world, backedUp, began.at)
  await world.person.post(`/api/endpoints/${world.endpointId}/release`, {
    reason: 'the loop was stopped, and everything is restored',
  })
  await world.until(({ isolation }) => isolation.actual === 'open')
  const after = await checkConnections(world, 'after a person released it', 'connected')

  const holds = before && during && isHalted && isConfirmed && restored && after
  console.log(holds ? '\nAll of it held.' : '\nNot all of it held: see the lines marked with ✗.')
  return holds
}

/** Real connections: to and from the neighbour as `expected`, to the collector always. */
async function checkConnections({ machines }: World, when: string, expected: 'connected' | 'cut off'): Promise<boolean> {
  const { collector, endpoint, neighbour } = machines
  const isCutOff = expected === 'cut off'
  const tries = [
    tried('endpoint → neighbour', endpoint, neighbour.ipv4, sharePort, (answer) => (answer === 'connected') !== isCutOff),
    tried('endpoint → neighbour', endpoint, neighbour.ipv6, sharePort, (answer) => (answer === 'connected') !== isCutOff),
    tried('neighbour → endpoint', neighbour, endpoint.ipv4, endpointPort, (answer) => answer === (isCutOff ? 'no answer' : 'ECONNREFUSED')),
    tried('endpoint → collector', endpoint, collector.ipv4, agentsPort, (answer) => answer === 'connected'),
  ]
  const answers = await Promise.all(tries)
  console.log([`Connections ${when}:`, ...answers.map(({ line }) => line)].join('\n'))
  return answers.every(({ isFit }) => isFit)
}

/** Nothing listens there: an endpoint that is not isolated refuses, one that is isolated doesn’t answer at all. */
const endpointPort = 22

async function tried(what: string, from: Machine, address: string, port: number, fits: (answer: string) => boolean) {
  const answer = await tryConnection(from, address, port)
  const isFit = fits(answer)
  return { isFit, line: `  ${isFit ? '✓' : '✗'} ${what}  ${`${address}:${port}`.padEnd(20)} ${answer}` }
}

/** The process that the agent accused was frozen, on the collector's word; no file was taken after that. */
function tellSuspension({ commands }: EndpointDetail, taken: readonly Taken[], began: number): boolean {
  const halting = commands.find(({ verb, status }) => verb === 'suspend-process' && status === 'succeeded')
  const last = taken.at(-1)?.at ?? began
  const isHalted = halting?.settledAt != null && last <= halting.settledAt
  const when =
    halting?.settledAt == null
      ? 'nothing was halted'
      : `${Math.round(halting.settledAt - began)} ms after the first file: ${halting.detail}`
  console.log(`Suspension:\n  ${isHalted ? '✓' : '✗'} ${when}; the last file was taken after ${Math.round(last - began)} ms\n`)
  return isHalted
}

/** A third fact beside the rules and the machine's own proof: the agent beside it reached it before, and doesn't any more. */
function tellNeighbours({ isolation: { neighbours } }: EndpointDetail, rulesApplied: number): boolean {
  const asked = neighbours?.asked ?? []
  const isConfirmed =
    neighbours !== null && confirmationOf(neighbours) === 'confirmed' && asked.every(({ at }) => Number(at) - rulesApplied < 5_000)
  const lines = asked.map(
    ({ name, said, at }) =>
      `  ${said === 'unreached' ? '✓' : '✗'} ${name}: ${said}, ${Math.round(Number(at) - rulesApplied)} ms after the rules`,
  )
  console.log(['Neighbours’ proof:', ...(lines.length > 0 ? lines : ['  ✗ nobody was asked']), ''].join('\n'))
  return isConfirmed
}

function tell(world: World, touched: Taken | undefined, timeline: Timeline, taken: readonly Taken[], isolated: EndpointDetail): void {
  const began = taken[0]?.at ?? timeline.signalOnDisk
  const line = (at: number, what: string): void => console.log(`${(at - began).toFixed(1).padStart(9)} ms  ${what}`)
  console.log('\nTimeline:')
  line(began, 'first file taken')
  if (touched) line(touched.at, `first canary touched: ${relative(world.documents, touched.path)}`)
  line(timeline.signalOnDisk, 'signal on the endpoint’s disk')
  line(timeline.committed, 'committed by the collector')
  line(timeline.ticket, 'ticket opened, isolation decided')
  line(timeline.commandSent, 'command signed and sent')
  line(timeline.rulesApplied, 'ruleset applied')
  line(timeline.proven, 'isolation proven')
  console.log('\nProof:')
  for (const [fact, value] of Object.entries(isolated.isolation.proof ?? {})) console.log(`  ${fact}: ${value}`)

  const until = (at: number): number => taken.filter((file) => file.at < at).length
  const left = readdirSync(world.documents).filter((name) => !name.endsWith('.enc')).length
  console.log(`
Files lost: ${touched ? `${until(touched.at)} before the first canary, ` : 'no canary was touched, '}${until(timeline.proven)} until isolation was proven, ${taken.length} until the loop was stopped; ${left} are left.
Isolating a machine keeps what is on it from spreading and from talking to its masters; it does not stop a program.
`)
}
