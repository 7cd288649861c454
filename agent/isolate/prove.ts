import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { type CollectorAddress, isLoopback, sayAddress } from './address.ts'
import { type Answer, askCollector, knock, type Place } from './knock.ts'

/*
 * Invariant 7: "isolated" is said only with proof. Enters: the collector's addresses and a witness that answered just
 * before the drop. Leaves: what was tried and seen. Promises: both halves are real connections made now; when nobody
 * answered before, the proof says so. On failure: the half that failed is false and its facts are kept. Threat: a host
 * that is called isolated and isn't.
 */

export interface Proof {
  isCollectorReached: boolean
  isCutOff: boolean
  facts: NonNullable<IsolationStatus['proof']>
}

export interface Witness {
  place: Place
  before: Answer
}

/** Long enough for anybody on the same network; an attack is not held up for those further away. */
const findWithinMs = 50
const collectorWithinMs = seconds(2)
/** A packet that our firewall stops fails within 2 ms; one that still goes out is given the time to be answered. */
const cutOffWithinMs = 250

/** The first of these places that answers, or undefined when none does in time. */
export async function findWitness(places: readonly Place[], time: Time): Promise<Witness | undefined> {
  const first = await firstAnswer(places, (place) => knock(place, { time, timeoutMs: findWithinMs }))
  return first?.answer.kind === 'answered' ? { place: first.place, before: first.answer } : undefined
}

/** Somebody at one of the collector's addresses takes a connection; whether it is the collector is asked after the drop. */
export async function hasAnswered(addresses: readonly CollectorAddress[], time: Time): Promise<boolean> {
  const places = addresses.map((address): Place => ({ ...address, protocol: 'tcp' }))
  const first = await firstAnswer(places, (place) => knock(place, { time, timeoutMs: findWithinMs }))
  return first?.answer.kind === 'answered'
}

export async function prove(parts: {
  addresses: readonly CollectorAddress[]
  witnesses: readonly Witness[]
  ca: string
  time: Time
}): Promise<Proof> {
  const { addresses, witnesses, ca, time } = parts
  const [collector, own, ...after] = await Promise.all([
    firstAnswer(addresses, (place) => askCollector(place, ca, { time, timeoutMs: collectorWithinMs })),
    knock(forbiddenPlace(addresses), { time, timeoutMs: cutOffWithinMs }),
    ...witnesses.map(({ place }) => knock(place, { time, timeoutMs: cutOffWithinMs })),
  ])
  return {
    isCollectorReached: collector?.answer.kind === 'answered',
    isCutOff: own.kind === 'forbidden' && after.every(({ kind }) => kind !== 'answered'),
    facts: {
      collector: collector ? sayAddress(collector.place) : null,
      collectorAfterIsolation: collector ? sayAnswer(collector.answer) : null,
      otherTraffic: `a datagram to ${sayPlace(forbiddenPlace(addresses))} was ${sayAnswer(own)}`,
      provedAt: time.now(),
      ...factsOf(witnesses, after),
    },
  }
}

function factsOf([witness, ...others]: readonly Witness[], [after, ...othersAfter]: readonly Answer[]): Proof['facts'] {
  if (!witness || !after) return { witness: null, note: 'nothing else answered just before, so only this machine’s own refusal was seen' }
  const more = others.flatMap((other, at) => {
    const answer = othersAfter[at]
    return answer ? [`${sayPlace(other.place)}: ${sayAnswer(other.before)}, then ${sayAnswer(answer)}`] : []
  })
  return {
    ...{ witness: sayPlace(witness.place), witnessBefore: sayAnswer(witness.before), witnessAfter: sayAnswer(after) },
    ...(more.length > 0 && { otherWitnesses: more.join('; ') }),
  }
}

/** RFC 5737: nobody's address. Used when the collector is on this machine, whose own traffic goes on. */
const nobody = '192.0.2.1'

/** Somewhere a route surely leads, at a port that is not let through: the collector's own discard port. */
function forbiddenPlace(addresses: readonly CollectorAddress[]): Place {
  const remote = addresses.find(({ address }) => !isLoopback(address))
  return { protocol: 'udp', address: remote?.address ?? nobody, port: 9 }
}

/** Asks all of them at once: the first that answers, else the last to fail; undefined when there is nobody to ask. */
function firstAnswer<Asked>(
  places: readonly Asked[],
  ask: (place: Asked) => Promise<Answer>,
): Promise<{ place: Asked; answer: Answer } | undefined> {
  return new Promise((resolve) => {
    let left = places.length
    if (left === 0) resolve(undefined)
    for (const place of places) {
      const take = (answer: Answer): void => {
        left -= 1
        if (answer.kind === 'answered' || left === 0) resolve({ place, answer })
      }
      ask(place).then(take, () => take({ kind: 'unreachable', afterMs: 0 }))
    }
  })
}

const sayAnswer = ({ kind, afterMs }: Answer): string => `${kind} after ${afterMs} ms`
const sayPlace = (place: Place): string => `${place.protocol} ${sayAddress(place)}`
