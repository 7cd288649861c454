/**
 * Who this agent is, and whose. Enters: the files that enrolment left, and signed documents. Leaves: credentials for the
 * next TLS connection, renewed at two thirds of the certificate's life, or before use once it has run out; where to dial.
 * Promises: the old certificate stays usable until the new one is whole on disk. On failure: tried again, sooner the
 * shorter the certificate lives. Meets: a laptop that slept through its renewal or through its collector's move, and a
 * clock that jumps (it looks at least once a day).
 */
import type { LookupFunction } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Role } from '#shared/domain/endpoint.ts'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, days, hours, seconds, type Time } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import addressesDocument from '#shared/protocol/documents/addresses.ts'
import authoritiesDocument from '#shared/protocol/documents/authorities.ts'
import operatorsDocument from '#shared/protocol/documents/operators.ts'
import { type CommandAuthority, RenewResponse } from '#shared/protocol/enrolment.ts'
import { call } from './call.ts'
import { isUsable, validityOf } from './certificate.ts'
import { type CollectorAddresses, openCollectorAddresses } from './collector-addresses.ts'
import { type Documents, openDocuments } from './documents.ts'
import { type Credentials, identityFolder, readIdentity, storeCertificate } from './files.ts'
import { lookupOf, openHostNames } from './host-names.ts'
import { openTrust, type Trust } from './trust.ts'

export type { Credentials } from './files.ts'

export interface Identity {
  /** Where to dial next. */
  readonly collector: string
  /** What became of it. */
  readonly dialled: CollectorAddresses['dialled']
  readonly endpointId: string
  readonly organisationId: string
  readonly authorities: CommandAuthority[]
  /** PEM of the collector's CA, pinned at enrolment. */
  readonly ca: string
  /**
   * What the next connection shows. `mustRenew`: the collector called the present certificate expired.
   * @throws Fault with the collector's code, or `unreachable`, when there has to be a new one and there is none.
   */
  credentials(mustRenew?: boolean): Promise<Credentials>
  /** The collector's addresses, also when no name server can be asked. */
  readonly addresses: CollectorAddresses
  readonly lookup: LookupFunction
  readonly documents: Documents
  readonly trust: Trust
  /** What this machine is for, as the person said who let it in; undefined: they didn't. */
  readonly role: Role | undefined
  /** Whose keys may sign commands; undefined: the collector commands alone. */
  register(): Register | undefined
  stop(): void
}

export interface IdentityOptions {
  dataDir: string
  time: Time
  log: Logger
}

/** Some certificates live for minutes (tests, drills); the waits after a failure follow their life. */
const shortestRetryMs = seconds(1)
const longestRetryMs = hours(1)

/** @throws Fault `identity-unreadable`. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const kept = readIdentity(options.dataDir)
  const { dataDir, log } = options
  const trust = openTrust({ dataDir, pinned: kept.pinned.operatorsBy, log })
  const documents = await openDocuments({
    ...{ dataDir, authorities: kept.pinned.authorities, operatorsBy: trust.keys, log },
    ...{ isByOperators: () => trust.kind === 'operators', organisationId: kept.pinned.organisationId },
    onKept: async (name) => {
      if (name === addressesDocument.name) identity.addresses.list(listedIn(documents))
      if (name === authoritiesDocument.name) await followAuthorities(trust, documents)
    },
  })
  await followAuthorities(trust, documents)
  const identity = new KeptIdentity(options, kept, documents, trust)
  return identity
}

/** At the start too: a crash may have come between keeping the document and doing what it says. */
async function followAuthorities(trust: Trust, documents: Documents): Promise<void> {
  const said = documents.content(authoritiesDocument)
  if (said && (await trust.follow(said))) await documents.believe(trust.keys)
}

const listedIn = (documents: Documents): string[] => documents.content(addressesDocument)?.collectors ?? []

class KeptIdentity implements Identity {
  readonly dialled: CollectorAddresses['dialled']
  readonly endpointId: string
  readonly organisationId: string
  readonly authorities: CommandAuthority[]
  readonly ca: string
  readonly addresses: CollectorAddresses
  readonly lookup: LookupFunction
  readonly documents: Documents
  readonly trust: Trust
  readonly role: Role | undefined
  readonly #options: IdentityOptions
  #credentials: Credentials
  #renewing: Promise<void> | undefined
  #nextLook: Cancel | undefined
  #isStopped = false

  constructor(options: IdentityOptions, { pinned, credentials }: ReturnType<typeof readIdentity>, documents: Documents, trust: Trust) {
    this.endpointId = pinned.endpointId
    this.organisationId = pinned.organisationId
    this.authorities = pinned.authorities
    this.ca = credentials.ca
    this.documents = documents
    this.trust = trust
    this.role = pinned.role
    const names = openHostNames({ ...options, file: join(identityFolder(options.dataDir), 'names.json') })
    this.addresses = openCollectorAddresses({ ...options, enrolled: pinned.collector, listed: listedIn(documents), names })
    this.dialled = this.addresses.dialled
    this.lookup = lookupOf(names)
    this.#options = options
    this.#credentials = credentials
    this.#lookAgainIn(this.#untilDueMs())
  }

  get collector(): string {
    return this.addresses.collector
  }

  register(): Register | undefined {
    if (this.trust.kind === 'collector') return undefined
    const operators = this.documents.content(operatorsDocument)?.operators ?? []
    return { operators, issuedAt: this.documents.issuedAt(operatorsDocument) }
  }

  async credentials(mustRenew = false): Promise<Credentials> {
    const isExpired = this.#options.time.now() >= validityOf(this.#credentials.certificate).to
    if (mustRenew || isExpired) await this.#renew()
    return this.#credentials
  }

  stop(): void {
    this.#isStopped = true
    this.#nextLook?.()
  }

  #untilDueMs(): number {
    return validityOf(this.#credentials.certificate).renewAt - this.#options.time.now()
  }

  #lookAgainIn(ms: number): void {
    if (this.#isStopped) return
    this.#nextLook?.()
    this.#nextLook = this.#options.time.after(Math.max(0, Math.min(ms, days(1))), () =>
      unawaited(this.#look(), this.#options.log, 'the certificate could not be looked at'),
    )
  }

  async #look(): Promise<void> {
    if (this.#untilDueMs() > 0) return this.#lookAgainIn(this.#untilDueMs())
    try {
      await this.#renew()
    } catch (error) {
      this.#options.log.warn({ reason: sentenceOf(error) }, 'the certificate could not be renewed')
      this.#lookAgainIn(this.#retryMs())
    }
  }

  #retryMs(): number {
    const { from, to } = validityOf(this.#credentials.certificate)
    return Math.min(longestRetryMs, Math.max(shortestRetryMs, (to - from) / 30))
  }

  /** One at a time, whoever asks. */
  #renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #renewOnce(): Promise<void> {
    const { certificateRequest } = await import('./certificate-request.ts')
    const csr = await certificateRequest(this.#credentials.key, hostname())
    const trust = { kind: 'mutual', credentials: this.#credentials } as const
    const answer = await call(new URL('/renew', this.collector), trust, RenewResponse, { csr }, this.lookup)
    if (answer.kind === 'refused') throw new Fault(answer.code, answer.message)
    if (answer.kind === 'unreachable') throw new Fault('unreachable', answer.message, { isRetryable: true })
    await this.#take(answer.body.certificate)
  }

  async #take(certificate: string): Promise<void> {
    const { key, ca } = this.#credentials
    if (!isUsable(certificate, key, ca)) throw new Fault('certificate-unusable', 'the collector sent a certificate that is not ours')
    await storeCertificate(this.#options.dataDir, certificate)
    this.#credentials = { ...this.#credentials, certificate }
    this.#options.log.info({ until: validityOf(certificate).to }, 'the certificate was renewed')
    this.#lookAgainIn(this.#untilDueMs())
  }
}
