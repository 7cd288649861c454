import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import type { DocumentFrame, DocumentNumbers } from '#shared/protocol/document.ts'
import policyDocument from '#shared/protocol/documents/policy.ts'
import type { Policies } from '../desk/policies.ts'
import type { Documents } from '../identity/documents.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Session } from './session.ts'

/*
 * Signed documents between this collector and its agents. Enters: what each agent's hello says it has, and what it hands
 * back. Leaves: whatever it lacks, right after its welcome and whenever there is a newer one. Promises: an agent hears of
 * no document that it didn't name; ten thousand of them are told in slices, and what comes meanwhile is told once. Meets:
 * an agent that hands back twice, unasked, or what we never signed: its session ends, and a forgery is a security signal.
 */
export interface DocumentExchange {
  /** Before anything else is sent. */
  welcomed(session: Session, theirs: DocumentNumbers | undefined): void
  handedBack(session: Session, frame: DocumentFrame): void
  stop(): void
}

export interface ExchangeNeeds {
  documents: Documents
  /** Each organisation has its own. */
  policies: Pick<Policies, 'numbers' | 'newerThan' | 'handBack' | 'onChanged'>
  sessions(): Session[]
  endAll(endpointId: string): void
  raise(trouble: OwnTrouble): Promise<void>
  time: Time
  log: Logger
}

interface Peer {
  /** What it has, as far as we know; a name that isn't in it is never sent. */
  has: DocumentNumbers
  handedBack: Set<string>
}

/** Told in one turn of the loop: some 2 ms. */
const sessionsPerTurn = 20
/** A hundred revocations in a row are one more list for everybody, not a hundred. */
const restMs = seconds(1)

export function createDocumentExchange(needs: ExchangeNeeds): DocumentExchange {
  const { documents, policies, time, log } = needs
  const peers = new WeakMap<Session, Peer>()
  let isTelling = false
  let isNews = false
  let cancelRest: Cancel = () => undefined

  function tell(session: Session): void {
    const has = peers.get(session)?.has
    if (!has) return
    const newer = [...documents.newerThan(has), ...policies.newerThan(session.from.organisationId, has)]
    for (const frame of newer) if (session.offer('documents', frame) === 'sent') has[frame.name] = frame.number
  }

  async function tellAll(): Promise<void> {
    isNews = true
    if (isTelling) return
    isTelling = true
    while (isNews) {
      isNews = false
      await inSlices(needs.sessions(), tell)
      await new Promise<void>((resolve) => {
        cancelRest = time.after(restMs, resolve)
      })
    }
    isTelling = false
  }

  async function take(session: Session, frame: DocumentFrame): Promise<void> {
    const isPolicy = frame.name === policyDocument.name
    const outcome = await (isPolicy ? policies.handBack(session.from.organisationId, frame) : documents.handBack(frame))
    if (outcome.kind === 'forged') {
      session.end(CloseCode.Malformed, 'a document came back that this collector did not sign')
      await needs.raise(forgery(session, frame.name, outcome.reason))
    } else if (outcome.kind === 'adopted') for (const endpointId of outcome.revoked) needs.endAll(endpointId)
  }

  const isKnown = (name: string): boolean => name === policyDocument.name || Object.hasOwn(documents.numbers(), name)
  const listening = [documents, policies].map((each) => each.onChanged(() => void tellAll()))
  return {
    welcomed: (session, theirs) => {
      if (!theirs) return
      peers.set(session, { has: { ...theirs }, handedBack: new Set() })
      tell(session)
    },
    handedBack: (session, frame) => {
      const peer = peers.get(session)
      if (!peer || peer.handedBack.has(frame.name) || !isKnown(frame.name)) {
        return session.end(CloseCode.Malformed, 'a document came that welcome did not ask for')
      }
      peer.handedBack.add(frame.name)
      take(session, frame).catch((error: unknown) =>
        log.error({ endpointId: session.from.endpointId, name: frame.name, reason: sentenceOf(error) }, 'a document was not taken back'),
      )
    },
    stop: () => {
      for (const end of listening) end()
      cancelRest()
    },
  }
}

async function inSlices(sessions: readonly Session[], tell: (session: Session) => void): Promise<void> {
  for (let at = 0; at < sessions.length; at += sessionsPerTurn) {
    for (const session of sessions.slice(at, at + sessionsPerTurn)) tell(session)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Honest agents keep only what they have verified themselves. */
function forgery({ from: { organisationId, endpointId }, address }: Session, name: string, reason: string): OwnTrouble {
  const kind = 'security.agent.forged-document'
  const summary = `The agent of this endpoint handed back a document (${name}) that this collector did not sign`
  return { organisationId, endpointId, kind, severity: 'high', fingerprint: `${kind}:${name}`, summary, facts: { name, reason, address } }
}
