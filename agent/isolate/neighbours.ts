import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { NeighbourFound, NeighbourPlace } from '#shared/domain/neighbours.ts'
import { minutes, type Time } from '#shared/domain/time.ts'
import { checkAddress } from './address.ts'
import { keptPlaces } from './kept-places.ts'
import { type Answer, knock, type Place } from './knock.ts'
import { hardwareIn, readBeginning } from './witnesses.ts'

/*
 * Whether this machine reaches another one of its own network: what confirms, or refutes, that one's isolation. Enters: addresses.
 * Leaves: whether one fixed probe is answered, and when it was before. Promises: silence counts only where the same probe was answered
 * in the seconds before, and an answer only if the hardware that was named gave it; a few that are named stay asked, so that there is
 * a "before". On failure: "unable", or nothing is known. Threat: whoever runs the collector and would look around with every agent: only
 * addresses within this machine's own networks are asked, one datagram to one port, and no more than sixty machines in ten minutes.
 */

export interface NeighbourParts {
  time: Time
  ask?: (place: Place) => Promise<Answer>
  /** "10.0.0.7/24": this machine's own addresses, each with its network. */
  networks?: () => string[]
  /** The hardware that answers at an IPv4 address, as the kernel knows it. */
  hardwareAt?: (address: string) => Promise<string | undefined>
  /** Whether anybody may be asked now; always, when absent. */
  isAllowed?: () => boolean
}

export interface Found {
  found: NeighbourFound
  probe?: string
  answeredAt: number | null
  answers: string[]
}

export interface Neighbours {
  /** Asks once, so that a silence that comes may count. Nobody waits for it. */
  warm(places: readonly NeighbourPlace[]): void
  /** Asks these from now on, in place of whoever was kept before. */
  keep(places: readonly NeighbourPlace[]): void
  reach(places: readonly NeighbourPlace[]): Promise<Found>
  stop(): void
}

/** Discard (RFC 863), as the baselines of an isolation ask: closed nearly everywhere, and the machine says so. */
const port = 9
const answerWithinMs = 250
/** A storm of 25 machines asks the same three neighbours twice each. */
const most = { machines: 60, withinMs: minutes(10) }
const baselineForMs = minutes(1)
/** Datagrams get lost, so that one alone shows nothing. */
const silencesNeeded = 3
const answersNeeded = 2
const mostTries = 6
const betweenMs = 200

export function openNeighbours({ time, ...given }: NeighbourParts): Neighbours {
  const { networks = ownNetworks, hardwareAt = readHardware, isAllowed = () => true } = given
  const ask = given.ask ?? ((place: Place) => knock(place, { time, timeoutMs: answerWithinMs }))
  const answered = new Map<string, { at: number; monotonic: number }>()
  let asked: number[] = []

  const mayAsk = (): boolean => {
    const now = time.monotonic()
    asked = asked.filter((at) => now - at < most.withinMs)
    if (asked.length >= most.machines) return false
    asked.push(now)
    return true
  }
  const baselineOf = (address: string): number | null => {
    for (const [known, { monotonic }] of answered) if (time.monotonic() - monotonic > baselineForMs) answered.delete(known)
    return answered.get(address)?.at ?? null
  }
  /** Somebody else's answer at that address is none. */
  const askOnce = async ({ address, mac }: NeighbourPlace): Promise<Answer> => {
    const answer = await ask({ address, port, protocol: 'udp' })
    if (answer.kind !== 'answered') return answer
    const hardware = await hardwareAt(address)
    return hardware === undefined || !isMac(mac) || hardware === mac.toLowerCase() ? answer : { ...answer, kind: 'refused' }
  }
  const warmOne = async (place: NeighbourPlace): Promise<void> => {
    const { kind } = await askOnce(place)
    if (kind === 'answered') answered.set(place.address, { at: time.now(), monotonic: time.monotonic() })
  }

  async function reachOne(place: NeighbourPlace): Promise<Found> {
    const answers: Answer[] = []
    const answeredAt = baselineOf(place.address)
    while (!isSettled(answers)) {
      if (answers.length > 0) await new Promise<void>((resolve) => time.after(betweenMs, resolve))
      answers.push(await askOnce(place))
    }
    const said = answers.map(({ kind, afterMs }) => `${kind} after ${afterMs} ms`)
    return { found: verdictOf(answers, answeredAt), probe: `udp ${place.address}:${port}`, answeredAt, answers: said }
  }

  const askKept = (places: readonly NeighbourPlace[]): void => {
    if (isAllowed()) for (const place of within(places, networks())) void warmOne(place)
  }
  const kept = keptPlaces({ time, mayAsk, ask: askKept })
  return {
    warm(places) {
      const near = within(places, networks())
      if (near.length > 0 && isAllowed() && mayAsk()) for (const place of near) void warmOne(place)
    },
    keep: kept.become,
    stop: kept.stop,
    async reach(places) {
      const near = within(places, networks())
      if (near.length === 0) return { found: 'no-neighbour', answeredAt: null, answers: [] }
      if (!isAllowed()) return { found: 'unable', answeredAt: null, answers: ['this agent may ask nobody now'] }
      if (!mayAsk()) return { found: 'unable', answeredAt: null, answers: ['this agent was asked too often'] }
      const found = await Promise.all(near.map(reachOne))
      return (
        found.toSorted((one, other) => weight[one.found] - weight[other.found])[0] ?? { found: 'unable', answeredAt: null, answers: [] }
      )
    },
  }
}

/** Of several addresses one that still answers says most. */
const weight: Record<NeighbourFound, number> = { reached: 0, unreached: 1, 'no-baseline': 2, unable: 3, 'no-neighbour': 4 }

function isSettled(answers: readonly Answer[]): boolean {
  const last = (count: number, isAnswer: boolean): boolean =>
    answers.length >= count && answers.slice(-count).every(({ kind }) => (kind === 'answered') === isAnswer)
  return answers.length >= mostTries || last(silencesNeeded, false) || last(answersNeeded, true)
}

function verdictOf(answers: readonly Answer[], answeredAt: number | null): NeighbourFound {
  if (answers.at(-1)?.kind === 'answered') return 'reached'
  // This machine's own firewall stopped the probe.
  if (answers.some(({ kind }) => kind === 'forbidden')) return 'unable'
  return answeredAt === null ? 'no-baseline' : 'unreached'
}

/** Those that are plainly addresses, in a network of this machine's own, and not its own. */
function within(places: readonly NeighbourPlace[], networks: readonly string[]): NeighbourPlace[] {
  const own = new Set(networks.map((network) => network.split('/')[0]))
  const near = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    near.addSubnet(address, Number(bits), familyOf(address))
  }
  return places.filter(
    ({ address }) => checkAddress({ address, port }) !== undefined && !own.has(address) && near.check(address, familyOf(address)),
  )
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** A network wider than this is a provider's, not a site's. */
const widest = { 4: 16, 6: 64 }

function ownNetworks(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return addresses
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
    .flatMap(({ cidr, family }) => (cidr !== null && Number(cidr.split('/')[1]) >= widest[family === 'IPv6' ? 6 : 4] ? cidr : []))
}

const isMac = (text: string): boolean => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)

const readHardware = async (address: string): Promise<string | undefined> => hardwareIn(await readBeginning('/proc/net/arp'), address)
