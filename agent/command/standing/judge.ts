import { compactVerify } from 'jose'
import type { Risk } from '#shared/domain/command.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { SignedStanding } from '#shared/domain/standing.ts'
import { days } from '#shared/domain/time.ts'
import type { Operator } from '#shared/protocol/authority.ts'
import { isCanonicalJson } from '#shared/protocol/canonical.ts'
import { type Register, whyNotByCollector } from '#shared/protocol/command-powers.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import { StandingOrder, standingType } from '#shared/protocol/standing-order.ts'
import { whyNotStanding } from '#shared/protocol/standing-powers.ts'
import { readyOperators, type TrustParts } from '../authorise.ts'
import { isCanonical, readHeader, type Verifier } from '../verify.ts'

/*
 * Whether a standing order is one for this machine, when it arrives and again before each run. Enters: it, as it came.
 * Leaves: what was signed, or one sentence. Promises: nothing is read before a signature holds; a key that is no
 * operator's any more ends what it signed; the collector's own key may sign what it may command.
 * Threat: whoever runs the collector, and a lost operator's key, planting what machines do while nobody looks.
 */

export type Judged = { kind: 'order'; order: StandingOrder } | { kind: 'forged' | 'unfit'; reason: string }

export interface Judging extends TrustParts {
  verifiers: readonly Verifier[]
  endpointId: string
  riskOf(verb: string): Risk | undefined
  /** The later of the collector's time and this machine's. */
  now: number
  isNew: boolean
}

type Opened = { kind: 'opened'; text: string; kid: string } | { kind: 'forged'; reason: string }

export async function judge({ jws, also = [] }: SignedStanding, judging: Judging): Promise<Judged> {
  const register = judging.register()
  const keys = [...judging.verifiers, ...(register ? await readyOperators(register.operators) : [])]
  const opened = await Promise.all([jws, ...also].map((each) => open(each, keys)))
  const texts = new Set<string>()
  for (const each of opened) {
    if (each.kind === 'forged') return each
    texts.add(each.text)
  }
  const [text = '', ...others] = texts
  if (others.length > 0) return { kind: 'forged', reason: 'its signatures are not over the same bytes' }
  const read = StandingOrder.safeParse(isCanonicalJson(text) ? JSON.parse(text) : undefined)
  if (!read.success) return { kind: 'unfit', reason: `it can’t be read: ${firstIssue(read.error)}` }
  const kids = opened.flatMap((each) => (each.kind === 'opened' ? each.kid : []))
  const why = whyNotMine(read.data, judging) ?? (await whyNotSigned(read.data, kids, register, judging))
  return why === undefined ? { kind: 'order', order: read.data } : { kind: 'unfit', reason: why }
}

function whyNotMine(order: StandingOrder, { endpointId, organisationId, now }: Judging): string | undefined {
  if (order.organisationId !== organisationId) return 'it is for another organisation'
  if (order.endpoints && !order.endpoints.includes(endpointId)) return 'it is for other machines'
  if (order.issuedAt > now + days(1)) return 'it was signed in the future, by this machine’s clock'
  return order.endsAt <= now && !order.isWithdrawn ? 'its time is over' : undefined
}

async function whyNotSigned(
  order: StandingOrder,
  kids: readonly string[],
  register: Register | undefined,
  { verifiers, riskOf, role, now, isNew }: Judging,
): Promise<string | undefined> {
  const risk = riskOf(order.verb)
  if (risk === undefined) return `this agent does not know the verb ${order.verb}`
  const own = await role()
  if (order.role && order.role !== own && !order.isWithdrawn) return `it is for machines of the role ${order.role}, and this one is ${own}`
  if (!register) return undefined
  if (kids.some((kid) => verifiers.some((each) => each.kid === kid))) return whyNotByCollector(order.verb, risk, own)
  return whyNotStanding({ order, risk, now, isNew }, signersIn(register, kids), register)
}

const signersIn = ({ operators }: Register, kids: readonly string[]): Operator[] => operators.filter(({ kid }) => kids.includes(kid))

async function open(jws: string, keys: readonly Verifier[]): Promise<Opened> {
  const forged = (reason: string): Opened => ({ kind: 'forged', reason })
  if (!isCanonical(jws)) return forged('it is not a compact JWS')
  const header = readHeader(jws)
  if (header?.typ !== standingType) return forged('its header does not say that it is a standing order')
  const key = keys.find(({ kid }) => kid === header.kid)
  if (!key) return forged('the key that signed it is no operator’s, or no operator’s any more')
  try {
    const { payload } = await compactVerify(jws, key.key, { algorithms: ['EdDSA', 'Ed25519'] })
    return { kind: 'opened', text: new TextDecoder().decode(payload), kid: key.kid }
  } catch (error) {
    return forged(`its signature does not hold: ${sentenceOf(error)}`)
  }
}
