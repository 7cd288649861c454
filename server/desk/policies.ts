import type { Logger } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import { type DocumentFrame, type DocumentNumbers, maxDocumentChars, readPayload, type SignedDocument } from '#shared/protocol/document.ts'
import policyDocument, { type PolicyContent, type Resolved, resolvePolicy } from '#shared/protocol/documents/policy.ts'
import type { HandedBack } from '../identity/documents.ts'
import type { Identity } from '../identity/identity.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import * as kept from '../policy/policy.ts'
import { layersFor, memberOf } from '../policy/written.ts'
import type { MatrixProblem } from '../route/problems.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import { contentOf, openSigned } from './policy-signatures.ts'
import { readPolicy } from './policy-text.ts'

/*
 * The policy in force: one text for the whole fleet, of which each organisation's agents get one signed document.
 * Enters: a text that people put, here or from another process; operators' signatures; what agents hand back. Leaves: the
 * newest document of each organisation. Promises: without operators the collector signs by itself, also when a machine is
 * enrolled, moved or tagged; with operators nothing counts before one of them signed it. Numbers only rise. After a restore
 * nothing is signed by itself until people put a policy again: what agents hand back is newer than what the backup had.
 * On failure: the documents before stay. Threat: whoever runs this collector and would switch senses off (agents verify).
 */
export interface Policies {
  /** @param within here and below: what stands or falls with it. */
  put(
    yaml: string,
    author: string,
    within?: Within,
  ): Promise<{ kind: 'kept'; version: number } | { kind: 'bad'; problems: MatrixProblem[] }>
  current(): Promise<kept.PolicyVersion | undefined>
  /** What waits for an operator, as the bytes to sign, beside what is in force. */
  unsigned(): Promise<UnsignedPolicy[]>
  sign(
    organisationId: string,
    jws: string,
    within?: Within,
  ): Promise<{ kind: 'signed'; number: number; by: string } | { kind: 'refused'; reason: string }>
  /** What is in force for one endpoint. */
  explain(organisationId: string, endpointId: string): Resolved & { number: number; issuedAt: number | null; signedBy: string | null }
  numbers(organisationId: string): DocumentNumbers
  newerThan(organisationId: string, theirs: DocumentNumbers): DocumentFrame[]
  handBack(organisationId: string, frame: DocumentFrame): Promise<HandedBack>
  onChanged(listener: () => void): () => void
  /** Takes up what other processes put and what moved. @returns its end. */
  watch(): () => Promise<void>
}

export interface UnsignedPolicy {
  organisation: { id: string; name: string }
  payload: string
  before: PolicyContent | null
}

export interface PoliciesNeeds {
  store: Store
  time: Time
  log: Logger
  register(): Register | undefined
  /** The collector's own key, and what it signed; and the number from which on ours are the newest. */
  authority: { signDocument(document: SignedDocument): Promise<string>; openDocument(jws: string): Promise<Uint8Array | undefined> }
  lowestNumber(): number
  /** Whatever agents hand back before this is known first, such as who is an operator. */
  settled(): Promise<void>
  raiseWithin(tx: Tx, trouble: OwnTrouble, now: number): Promise<void>
}

/** What of it is identity's. */
export const policyNeeds = ({ register, authority, documents }: Pick<Identity, 'register' | 'authority' | 'documents'>) => ({
  ...{ register, authority, settled: documents.refresh.bind(documents) },
  lowestNumber: () => documents.nextNumber(policyDocument),
})

interface InForce extends kept.SignedPolicy {
  content: PolicyContent
}
interface Draft {
  organisation: { id: string; name: string }
  content: PolicyContent
  version: number
}

const everyMs = seconds(3)
/** Who was enrolled, moved or tagged is looked for twice a minute: it reads every endpoint. */
const roundsToAll = 10
/** Room for the header, the signature, and base64's third. */
const maxContentChars = Math.floor((maxDocumentChars * 3) / 4) - 1_000

export async function openPolicies(needs: PoliciesNeeds): Promise<Policies> {
  const policies = new SignedPolicies(needs)
  await policies.settle()
  return policies
}

class SignedPolicies implements Policies {
  readonly #needs: PoliciesNeeds
  readonly #inForce = new Map<string, InForce>()
  readonly #listeners = new Set<() => void>()
  #turn: Promise<unknown> = Promise.resolve()
  #settledVersion = 0
  #roundsUntilAll = 0

  constructor(needs: PoliciesNeeds) {
    this.#needs = needs
  }

  async put(yaml: string, author: string, within?: Within): ReturnType<Policies['put']> {
    const { store, time } = this.#needs
    const world = await kept.readWorld(store.db)
    const read = readPolicy(yaml, world)
    if (read.kind === 'bad') return read
    for (const organisation of world.organisations) {
      const content = { organisationId: organisation.id, layers: layersFor(read.document, organisation, world.places, read.lineOf) }
      if (canonicalJson(content).length > maxContentChars) return { kind: 'bad', problems: [tooLong(organisation.name)] }
    }
    const version = await kept.keepVersion(store.db, yaml, author, time.now(), within)
    await this.settle()
    return { kind: 'kept', version }
  }

  current(): ReturnType<Policies['current']> {
    return kept.newestVersion(this.#needs.store.db)
  }

  async unsigned(): Promise<UnsignedPolicy[]> {
    if (!this.#needs.register()) return []
    const due = await this.#due()
    return due.map((draft) => ({
      organisation: draft.organisation,
      payload: canonicalJson(this.#documentOf(draft)),
      before: this.#inForce.get(draft.organisation.id)?.content ?? null,
    }))
  }

  sign(organisationId: string, jws: string, within?: Within): ReturnType<Policies['sign']> {
    return this.#inTurn(async () => {
      const register = this.#needs.register()
      const draft = register && (await this.#due()).find(({ organisation }) => organisation.id === organisationId)
      if (!register || !draft) return refused('No policy of this organisation waits for a signature.')
      const opened = await openSigned(jws, register, organisationId)
      if (!opened) return refused('This is no signature of an operator who may sign policies for this organisation.')
      const { number, issuedAt, content } = opened.document
      const isTheDraft = canonicalJson(content) === canonicalJson(draft.content) && number === this.#nextNumber(organisationId)
      if (!isTheDraft) return refused('The policy has changed meanwhile: look at it again.')
      const row = { organisation_id: organisationId, number, issued_at: issuedAt, jws, version: draft.version, signed_by: opened.by }
      await this.#needs.store.db.transaction().execute(async (tx) => {
        await kept.putPolicy(tx, row)
        await within?.(tx)
      })
      this.#keep({ ...row, content: draft.content })
      return { kind: 'signed', number, by: opened.by }
    })
  }

  explain(organisationId: string, endpointId: string): ReturnType<Policies['explain']> {
    const policy = this.#inForce.get(organisationId)
    const { number = 0, issued_at: issuedAt = null, signed_by: signedBy = null } = policy ?? {}
    return { ...resolvePolicy(policy?.content, memberOf(endpointId)), number, issuedAt, signedBy }
  }

  numbers(organisationId: string): DocumentNumbers {
    return { [policyDocument.name]: this.#inForce.get(organisationId)?.number ?? 0 }
  }

  newerThan(organisationId: string, theirs: DocumentNumbers): DocumentFrame[] {
    const { name } = policyDocument
    const policy = this.#inForce.get(organisationId)
    const isWanted = policy !== undefined && policy.number > (theirs[name] ?? Number.POSITIVE_INFINITY)
    return isWanted ? [{ kind: 'document', name, number: policy.number, jws: policy.jws }] : []
  }

  handBack(organisationId: string, frame: DocumentFrame): Promise<HandedBack> {
    return this.#inTurn(() => this.#adopt(organisationId, frame))
  }

  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  watch(): () => Promise<void> {
    const { store, time, log } = this.#needs
    const round = async (): Promise<void> => {
      this.#roundsUntilAll = (this.#roundsUntilAll || roundsToAll) - 1
      if (this.#roundsUntilAll === 0 || (await kept.newestNumber(store.reader)) !== this.#settledVersion) await this.settle()
    }
    const failed = (error: unknown): void => log.error({ reason: sentenceOf(error) }, 'policies could not be brought up to date')
    return recur({ time, everyMs, round, failed })
  }

  /** What others put or signed is taken up; what is the collector's to sign is signed. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      const { store, register } = this.#needs
      const newest = await kept.newestNumber(store.db)
      for (const row of await kept.signedPolicies(store.db, this.#inForce)) {
        const read = contentOf(row.jws)
        if (read) this.#keep({ ...row, content: read })
      }
      this.#settledVersion = newest
      if (newest === 0 || register()) return
      for (const draft of await this.#due()) await this.#issue(draft)
    })
  }

  /** Of each organisation whose newest document isn't what the newest text says. */
  async #due(): Promise<Draft[]> {
    const { store, lowestNumber } = this.#needs
    const newest = await kept.newestVersion(store.db)
    const read = newest && readPolicy(newest.yaml)
    if (!newest || read?.kind !== 'policy' || newest.created_at < seconds(lowestNumber())) return []
    const world = await kept.readWorld(store.db)
    return world.organisations.flatMap((organisation) => {
      const content = { organisationId: organisation.id, layers: layersFor(read.document, organisation, world.places, read.lineOf) }
      const before = this.#inForce.get(organisation.id)
      // What agents handed back was made of a text that is lost: only a newer one replaces it.
      const isOlder = before !== undefined && before.version !== newest.version && before.issued_at > newest.created_at
      const isSame = before === undefined ? content.layers.length === 0 : canonicalJson(before.content) === canonicalJson(content)
      return isOlder || isSame ? [] : [{ organisation, content, version: newest.version }]
    })
  }

  async #issue(draft: Draft): Promise<void> {
    const { store, authority } = this.#needs
    const document = this.#documentOf(draft)
    const jws = await authority.signDocument(document)
    const about = { number: document.number, issued_at: document.issuedAt, jws, version: draft.version, signed_by: null }
    const row = { organisation_id: draft.organisation.id, ...about }
    if (await store.db.transaction().execute((tx) => kept.putPolicy(tx, row))) this.#keep({ ...row, content: draft.content })
  }

  #documentOf({ organisation, content }: Draft): SignedDocument {
    return { v: 1, name: policyDocument.name, number: this.#nextNumber(organisation.id), issuedAt: this.#needs.time.now(), content }
  }

  #nextNumber(organisationId: string): number {
    return Math.max((this.#inForce.get(organisationId)?.number ?? 0) + 1, this.#needs.lowestNumber())
  }

  async #adopt(organisationId: string, frame: DocumentFrame): Promise<HandedBack> {
    const { store, register, authority, time, settled, raiseWithin } = this.#needs
    const before = this.#inForce.get(organisationId)?.number ?? 0
    if (frame.number <= before) return { kind: 'passed' }
    await settled()
    const operators = register()
    const opened = operators ? await openSigned(frame.jws, operators, organisationId) : await openOwn(frame.jws, authority.openDocument)
    // Whose operators or key this restored collector doesn't know may become known; nobody is accused meanwhile.
    if (!opened) return operators ? { kind: 'passed' } : { kind: 'forged', reason: 'it is not signed by whom it must be' }
    const { number, issuedAt, content } = opened.document
    if (number !== frame.number) return { kind: 'forged', reason: 'it has another number than the one it was announced with' }
    if (content.organisationId !== organisationId) return { kind: 'forged', reason: 'it is another organisation’s' }
    const row = { organisation_id: organisationId, number, issued_at: issuedAt, jws: frame.jws, version: null, signed_by: opened.by }
    await store.db.transaction().execute(async (tx) => {
      if (await kept.putPolicy(tx, row)) await raiseWithin(tx, newsOf(organisationId, number, before), time.now())
    })
    this.#keep({ ...row, content })
    return { kind: 'adopted', revoked: [] }
  }

  #keep(policy: InForce): void {
    this.#inForce.set(policy.organisation_id, policy)
    for (const listener of this.#listeners) listener()
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

async function openOwn(jws: string, open: PoliciesNeeds['authority']['openDocument']) {
  const payload = await open(jws)
  const read = payload && readPayload(policyDocument, payload)
  if (read?.kind === 'unfit') throw new Fault('policy-unfit', `an agent keeps a policy that can't be read here: ${read.reason}`)
  return read && { document: read.document, by: null }
}

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

const tooLong = (organisation: string): MatrixProblem => ({
  ...{ line: 1, column: 1, path: '' },
  reason: `for ${organisation} this is longer than one signed document holds; name sites or tags with fewer machines, or fewer addresses`,
})

function newsOf(organisationId: string, number: number, before: number): OwnTrouble {
  return {
    ...{ organisationId, endpointId: null, kind: 'system.documents.handed-back', severity: 'high' },
    fingerprint: 'system.documents.handed-back',
    summary: `This collector was set back: agents handed back a newer policy (${number}, here it was ${before}); put the policy again to go on from it`,
    facts: { name: policyDocument.name, number, before },
  }
}
