import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import type { AuthorityKey } from '#shared/protocol/authority.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import {
  type DocumentDefinition,
  type DocumentFrame,
  type DocumentNumbers,
  readPayload,
  type SignedDocument,
} from '#shared/protocol/document.ts'
import operatorsDocument from '#shared/protocol/documents/operators.ts'
import { documents as allDocuments } from '#shared/protocol/documents.ts'
import type { CommandAuthority } from '#shared/protocol/enrolment.ts'
import type { Happening } from '../signal/signal.ts'
import { identityFolder, writeDurably } from './files.ts'
import { mayBeTaken, operatorSigners } from './operators-word.ts'
import { forged, stale } from './suspicion.ts'
import { maySign, readyAuthorities, readySigners, type Signer, signerOf, type Verdict, verifyDocument } from './verify-document.ts'

/*
 * What the collector signed once and this agent keeps. Enters: documents as they came. Leaves: the newest of each, also to
 * a collector that has forgotten it. Promises: kept is only what a pinned authority signed and whose number is higher than
 * the one kept; it is fsynced before it counts; names we don't know leave no trace. On failure of the disk: it isn't kept,
 * and comes again with the next connection. Meets: whoever runs the collector or sits before it, without its key: a list
 * that leads agents away, an old one played back, a number so high that none comes after it, a flood of these (after the
 * first, that connection brings no more).
 */
export interface Documents {
  /** By name, of those that one of our authorities may sign at all. */
  numbers(): DocumentNumbers
  /** A connection begins, with a collector that has these. @returns what it must be handed back. */
  welcomed(theirs: DocumentNumbers): DocumentFrame[]
  /** Never rejects. @returns what is suspicious about it. */
  take(frame: DocumentFrame): Promise<Happening | undefined>
  content<Content extends z.ZodType>(definition: DocumentDefinition<Content>): z.infer<Content> | undefined
  /** Epoch ms, by its signer's clock; 0: none is kept that counts. */
  issuedAt(definition: DocumentDefinition): number
  /** Others name operators from now on; what those before them signed counts no more. */
  believe(keys: readonly AuthorityKey[]): Promise<void>
  /** Whatever came until now is kept or turned away. */
  settled(): Promise<void>
}

export interface DocumentsOptions {
  dataDir: string
  authorities: readonly CommandAuthority[]
  /** The two that name operators, where somebody does. */
  operatorsBy?: readonly AuthorityKey[]
  /** Somebody names operators, so what they sign isn't the collector's to say. */
  isByOperators?(): boolean
  /** Whose machine this is; documents of one organisation are taken for no other. */
  organisationId?: string
  log: Logger
  /** A newer one of this name is kept from now on; the next waits for what this does. */
  onKept(name: string): Promise<void> | void
}

export async function openDocuments(options: DocumentsOptions): Promise<Documents> {
  const documents = new KeptDocuments(options, await readySigners(options.authorities))
  await documents.believe(options.operatorsBy ?? [])
  await documents.load()
  return documents
}

interface Kept {
  jws: string
  document: SignedDocument
}

class KeptDocuments implements Documents {
  readonly #options: DocumentsOptions
  readonly #collector: readonly Signer[]
  #authorities: readonly Signer[] = []
  readonly #definitions: ReadonlyMap<string, DocumentDefinition>
  readonly #kept = new Map<string, Kept>()
  /** Of those whose signer was replaced before this start: nothing as old counts again. */
  readonly #passed = new Map<string, number>()
  #turn: Promise<unknown> = Promise.resolve()
  #isSuspicious = false

  constructor(options: DocumentsOptions, signers: readonly Signer[]) {
    this.#options = options
    this.#collector = signers
    const isWanted = (definition: DocumentDefinition): boolean =>
      (definition.signedBy ?? 'collector') !== 'collector' || signers.some((signer) => maySign(signer, definition))
    this.#definitions = new Map([...allDocuments].filter(([, definition]) => isWanted(definition)))
  }

  async believe(keys: readonly AuthorityKey[]): Promise<void> {
    this.#authorities = await readyAuthorities(keys)
  }

  async settled(): Promise<void> {
    await this.#turn
  }

  /** What lies on the disk counts only as far as its signature holds; the rest comes again. */
  async load(): Promise<void> {
    for (const [name, definition] of this.#definitions) {
      const jws = readIfThere(this.#fileOf(name))
      const verdict = jws === undefined ? undefined : await this.#verify(definition, jws)
      if (jws !== undefined && verdict?.kind === 'document') this.#kept.set(name, { jws, document: verdict.document })
      else if (jws !== undefined && this.#isOfOneReplaced(definition, jws)) this.#passed.set(name, numberIn(definition, jws))
      else if (jws !== undefined && this.#isOfOneGone(definition, jws)) this.#keepUnverified(definition, jws)
      else if (verdict) this.#options.log.warn({ name, verdict: verdict.kind }, 'a document that was kept is damaged and counts no more')
    }
  }

  numbers(): DocumentNumbers {
    return Object.fromEntries([...this.#definitions.keys()].map((name) => [name, this.#numberOf(name)]))
  }

  welcomed(theirs: DocumentNumbers): DocumentFrame[] {
    this.#isSuspicious = false
    const isWanted = ({ document: { name, number } }: Kept): boolean => number > (theirs[name] ?? Number.POSITIVE_INFINITY)
    const frameOf = ({ jws, document: { name, number } }: Kept): DocumentFrame => ({ kind: 'document', name, number, jws })
    return [...this.#kept.values()].filter(isWanted).map(frameOf)
  }

  take(frame: DocumentFrame): Promise<Happening | undefined> {
    const mine = this.#turn
      .then(() => this.#take(frame))
      .catch((error: unknown) => {
        this.#options.log.error({ name: frame.name, reason: sentenceOf(error) }, 'a signed document could not be kept')
        return undefined
      })
    this.#turn = mine
    return mine
  }

  content<Content extends z.ZodType>(definition: DocumentDefinition<Content>): z.infer<Content> | undefined {
    const parsed = definition.content.safeParse(this.#inForce(definition)?.document.content)
    return parsed.success ? parsed.data : undefined
  }

  issuedAt(definition: DocumentDefinition): number {
    return this.#inForce(definition)?.document.issuedAt ?? 0
  }

  /** Kept, and by somebody whose word still counts; its number counts in any case. */
  #inForce({ name, signedBy }: DocumentDefinition): Kept | undefined {
    const kept = this.#kept.get(name)
    if (kept && signedBy === 'operator') return this.#isByOperators() && this.#isCollectors(kept.jws) ? undefined : kept
    if (!kept || signedBy !== 'authority') return kept
    return this.#authorities.some(({ kid }) => kid === signerOf(kept.jws)) ? kept : undefined
  }

  /** Its signature can't be verified any more, but it was before it was kept: whoever exchanges our files needs no documents. */
  #isOfOneReplaced({ signedBy }: DocumentDefinition, jws: string): boolean {
    const signer = signerOf(jws)
    return signedBy === 'authority' && signer !== undefined && !this.#authorities.some(({ kid }) => kid === signer)
  }

  /** An operator who left: what they signed stands until somebody signs a newer one. It was verified before it was kept. */
  #isOfOneGone({ signedBy }: DocumentDefinition, jws: string): boolean {
    return signedBy === 'operator' && this.#isByOperators() && signerOf(jws) !== undefined
  }

  #keepUnverified(definition: DocumentDefinition, jws: string): void {
    const read = readKeptPayload(definition, jws)
    if (read.kind === 'document') this.#kept.set(definition.name, { jws, document: read.document })
  }

  #isByOperators(): boolean {
    return this.#options.isByOperators?.() ?? this.#authorities.length > 0
  }

  #isCollectors(jws: string): boolean {
    return this.#collector.some(({ kid }) => kid === signerOf(jws))
  }

  #register(): Register {
    return { operators: this.content(operatorsDocument)?.operators ?? [], issuedAt: this.issuedAt(operatorsDocument) }
  }

  async #verify(definition: DocumentDefinition, jws: string): Promise<Verdict<unknown>> {
    const isOperators = definition.signedBy === 'operator' && this.#isByOperators()
    const signers = isOperators ? await operatorSigners(this.#register()) : [...this.#collector, ...this.#authorities]
    return verifyDocument(definition, jws, signers)
  }

  async #take({ name, jws }: DocumentFrame): Promise<Happening | undefined> {
    const definition = this.#definitions.get(name)
    if (!definition || this.#isSuspicious || jws === this.#kept.get(name)?.jws) return undefined
    if (definition.signedBy === 'authority' && this.#authorities.length === 0) return undefined
    const verdict = await this.#verify(definition, jws)
    if (verdict.kind === 'forged') return this.#suspect(forged(name, verdict.reason))
    if (verdict.kind === 'unfit') {
      this.#options.log.warn({ name, reason: verdict.reason }, 'a signed document could not be read; the one before it stays')
      return undefined
    }
    const { number } = verdict.document
    const why = this.#whyNotTaken(definition, jws, verdict.document)
    if (why !== undefined) return this.#suspect(forged(name, why))
    if (number > highestAfter(this.#numberOf(name), verdict.document)) return this.#suspect(forged(name, 'its number leaps ahead'))
    if (number <= this.#numberOf(name)) return this.#suspect(stale(name, number, this.#numberOf(name)))
    await this.#keep(jws, verdict.document)
    return undefined
  }

  #whyNotTaken({ name, signedBy }: DocumentDefinition, jws: string, document: SignedDocument): string | undefined {
    if (signedBy !== 'operator') return undefined
    const by = this.#isByOperators() ? { register: this.#register(), kid: signerOf(jws) } : undefined
    return mayBeTaken(document, { organisationId: this.#options.organisationId, by, before: this.#kept.get(name)?.document })
  }

  /** The same trouble a thousand times is no better evidence than once, and would fill the spool. */
  #suspect(event: Happening): Happening {
    this.#isSuspicious = true
    this.#options.log.warn(event.facts, event.summary)
    return event
  }

  async #keep(jws: string, document: SignedDocument): Promise<void> {
    const { name, number } = document
    await mkdir(this.#folder(), { recursive: true, mode: 0o700 })
    await writeDurably(this.#fileOf(name), jws)
    this.#kept.set(name, { jws, document })
    this.#options.log.info({ name, number }, 'a newer signed document is kept')
    await this.#options.onKept(name)
  }

  #numberOf(name: string): number {
    return this.#kept.get(name)?.document.number ?? this.#passed.get(name) ?? 0
  }

  #folder(): string {
    return join(identityFolder(this.#options.dataDir), 'documents')
  }

  /** Only names of our own list become paths. */
  #fileOf(name: string): string {
    return join(this.#folder(), `${name}.jws`)
  }
}

/** More than are ever signed in a row within one second. */
const leap = 100_000

/**
 * Numbers go on one by one, and after a restore at its second; the signer's clock is bounded where its key is. A higher one would leave no
 * number for whoever signs next.
 */
const highestAfter = (kept: number, { issuedAt }: SignedDocument): number => Math.max(kept, issuedAt / seconds(1)) + leap

const readKeptPayload = (definition: DocumentDefinition, jws: string) =>
  readPayload(definition, Buffer.from(jws.split('.')[1] ?? '', 'base64url'))

function numberIn(definition: DocumentDefinition, jws: string): number {
  const read = readKeptPayload(definition, jws)
  return read.kind === 'document' ? read.document.number : 0
}

const readIfThere = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
