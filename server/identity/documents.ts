import type { Logger } from 'pino'
import type { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import {
  type DocumentDefinition,
  type DocumentFrame,
  type DocumentNumbers,
  type ReadDocument,
  readPayload,
} from '#shared/protocol/document.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { documents as all } from '#shared/protocol/documents.ts'
import type { Store, Tx } from '../store/store.ts'
import { openByAuthority, pairInForce } from './authorities.ts'
import type { CommandAuthority } from './command-authority.ts'
import { type DocumentRow, firstNumber, putIfHigher } from './document-rows.ts'

/*
 * What the collector signs once for every agent. Enters: a content to issue; documents that agents hand back. Leaves: the
 * newest of each name, for welcomes and agents. Promises: numbers only rise, whichever process issues; a document counts
 * once it is committed; adopted is only what our own key signed and is newer than ours, in one commit with what it brings
 * about. On failure of the store: the caller is told, and the document before stays. Meets: agents that hand back forged,
 * foreign, huge or old documents, and many that hand back the same one at once. After a restore numbers go on far above
 * what it forgot, so ours are the newest and no two documents share a number; lists that only grow are still asked for.
 */
export interface Documents {
  /**
   * By name; 0 where none was issued yet. Of a list that `theirs` has of the time that a restore forgot, the number from
   * before it, so that they hand it back.
   */
  numbers(theirs?: DocumentNumbers): DocumentNumbers
  /** For what an authority signs. */
  nextNumber(definition: DocumentDefinition): number
  /** Of those that `theirs` names. */
  newerThan(theirs: DocumentNumbers): DocumentFrame[]
  content<Content extends z.ZodType>(definition: DocumentDefinition<Content>): z.infer<Content> | undefined
  /** Epoch ms, by its signer's clock; 0: there is none. */
  issuedAt(definition: DocumentDefinition): number
  /** `make` sees the latest content, and answers undefined when it may stay. */
  issue<Content extends z.ZodType>(definition: DocumentDefinition<Content>, make: Make<z.infer<Content>>): Promise<void>
  handBack(frame: DocumentFrame): Promise<HandedBack>
  /** Takes up what another process on this database has issued. */
  refresh(): Promise<void>
  /** Called whenever there is a newer document, wherever it came from. @returns its end. */
  onChanged(listener: () => void): () => void
}

export type Make<Content> = (latest: Content | undefined) => Promise<Content | undefined> | Content | undefined

/** `passed`: not newer than ours, or there was no room to look at it; other agents have it too. */
export type HandedBack = { kind: 'adopted'; revoked: string[] } | { kind: 'passed' } | { kind: 'forged'; reason: string }

export interface Adopted {
  name: string
  number: number
  /** Ours, until now. */
  before: number
  content: unknown
}

export interface DocumentsNeeds {
  store: Store
  time: Time
  authority: CommandAuthority
  log: Logger | undefined
  /** What an adopted document brings about, in its own transaction. @returns the endpoints that it revoked. */
  adopting(tx: Tx, adopted: Adopted): Promise<string[]>
}

interface Kept {
  number: number
  jws: string
  issuedAt: number
  content: unknown
  /** Up to here nothing is forgotten. */
  known: number
}

/** Those of one organisation are another room's. */
const definitions = new Map([...all].filter(([, { signedBy }]) => signedBy !== 'operator'))
/** Documents that wait to be verified; more at once are hostile, or the same one many times. */
const maxWaiting = 20
/** Somebody else issued in between. */
const maxTries = 5

export async function openDocuments(needs: DocumentsNeeds): Promise<Documents> {
  const documents = new SignedDocuments(needs)
  await documents.refresh()
  return documents
}

class SignedDocuments implements Documents {
  readonly #needs: DocumentsNeeds
  readonly #kept = new Map<string, Kept>()
  readonly #listeners = new Set<() => void>()
  /** Rows that our key did not sign, said once. */
  readonly #strange = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  /** Of what was issued since the last restore; lower ones that we don't know are what it forgot. */
  #firstNumber = 0

  constructor(needs: DocumentsNeeds) {
    this.#needs = needs
  }

  numbers(theirs: DocumentNumbers = {}): DocumentNumbers {
    const shown = (name: string): number =>
      this.#isForgotten({ name, number: theirs[name] ?? 0 }) ? this.#knownOf(name) : this.#numberOf(name)
    return Object.fromEntries([...definitions.keys()].map((name) => [name, shown(name)]))
  }

  nextNumber({ name }: DocumentDefinition): number {
    return Math.max(this.#numberOf(name) + 1, this.#firstNumber)
  }

  newerThan(theirs: DocumentNumbers): DocumentFrame[] {
    const isWanted = ([name, { number }]: [string, Kept]): boolean => number > (theirs[name] ?? Number.POSITIVE_INFINITY)
    return [...this.#kept].filter(isWanted).map(([name, { number, jws }]) => ({ kind: 'document', name, number, jws }))
  }

  content<Content extends z.ZodType>({ name, content }: DocumentDefinition<Content>): z.infer<Content> | undefined {
    const parsed = content.safeParse(this.#kept.get(name)?.content)
    return parsed.success ? parsed.data : undefined
  }

  issuedAt({ name }: DocumentDefinition): number {
    return this.#kept.get(name)?.issuedAt ?? 0
  }

  issue<Content extends z.ZodType>(definition: DocumentDefinition<Content>, make: Make<z.infer<Content>>): Promise<void> {
    return this.#inTurn(() => this.#issue(definition, make))
  }

  async handBack(frame: DocumentFrame): Promise<HandedBack> {
    const definition = definitions.get(frame.name)
    if (!definition || this.#waiting >= maxWaiting || !this.#isWanted(frame)) return { kind: 'passed' }
    this.#waiting += 1
    return this.#inTurn(() => this.#adopt(definition, frame)).finally(() => {
      this.#waiting -= 1
    })
  }

  refresh(): Promise<void> {
    return this.#inTurn(() => this.#refresh(this.#needs.store.reader))
  }

  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async #issue<Content extends z.ZodType>(definition: DocumentDefinition<Content>, make: Make<z.infer<Content>>): Promise<void> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      await this.#refresh(this.#needs.store.db)
      const content = await make(this.content(definition))
      if (content === undefined || (await this.#issueNext(definition.name, definition.content.parse(content)))) return
    }
    throw new Fault('document-busy', `The document ${definition.name} is being issued by somebody else; try again.`, { isRetryable: true })
  }

  async #issueNext(name: string, content: unknown): Promise<boolean> {
    const { store, time, authority } = this.#needs
    const latest = await store.db.selectFrom('documents').select(['number', 'known_number']).where('name', '=', name).executeTakeFirst()
    const number = Math.max((latest?.number ?? 0) + 1, this.#firstNumber)
    const document = { v: 1, name, number, issuedAt: time.now(), content } as const
    const jws = await authority.signDocument(document)
    const row = { name, number, issued_at: document.issuedAt, jws, known_number: latest?.known_number ?? null }
    const isPut = await store.db.transaction().execute((tx) => putIfHigher(tx, row))
    if (isPut) this.#keep(row, content)
    return isPut
  }

  async #adopt(definition: DocumentDefinition, frame: DocumentFrame): Promise<HandedBack> {
    if (!this.#isWanted(frame)) return { kind: 'passed' }
    const read = await this.#read(definition, frame.jws)
    if (!read) return { kind: 'forged', reason: 'it is not signed by whom it must be' }
    if (read.kind === 'unfit') return this.#cannotRead(frame, read.reason)
    const { name, number, issuedAt, content } = read.document
    if (number !== frame.number) return { kind: 'forged', reason: 'it has another number than the one it was announced with' }
    if (!this.#isNewer(frame)) return this.#join(definition, { number, content })
    const row = { name, number, issued_at: issuedAt, jws: frame.jws, known_number: number }
    const revoked = await this.#needs.store.db.transaction().execute(async (tx) => {
      const adopted = { name, number, before: this.#numberOf(name), content }
      return (await putIfHigher(tx, row)) ? this.#needs.adopting(tx, adopted) : undefined
    })
    if (!revoked) return { kind: 'passed' }
    this.#keep(row, content)
    return { kind: 'adopted', revoked }
  }

  /** Issued first: after a crash in between it is asked for again. */
  async #join(definition: DocumentDefinition, { number, content }: { number: number; content: unknown }): Promise<HandedBack> {
    const { name } = definition
    const adopted = { name, number, before: this.#knownOf(name), content }
    await this.#issue(definition, (latest) => definition.joined?.(latest, content))
    const revoked = await this.#needs.store.db.transaction().execute(async (tx) => {
      await tx.updateTable('documents').set({ known_number: number }).where('name', '=', name).execute()
      return this.#needs.adopting(tx, adopted)
    })
    const kept = this.#kept.get(name)
    if (kept) kept.known = number
    return { kind: 'adopted', revoked }
  }

  /** Signed by us, so by a newer version of this program. */
  #cannotRead({ name, number }: DocumentFrame, reason: string): HandedBack {
    this.#needs.log?.error({ name, number, reason }, 'agents keep a newer document than this version of the collector can read')
    return { kind: 'passed' }
  }

  async #refresh(db: Store['db']): Promise<void> {
    // By name: who may sign `operators` stands in `authorities`.
    const rows = await db.selectFrom('documents').selectAll().orderBy('name').execute()
    this.#firstNumber = await firstNumber(db)
    for (const row of rows) {
      const definition = definitions.get(row.name)
      if (!definition || !this.#isNewer(row)) continue
      const read = await this.#read(definition, row.jws)
      if (read?.kind === 'document') this.#keep(row, read.document.content)
      else this.#saysStrange(row)
    }
  }

  /** Agents wouldn't take it either; theirs is handed back, or the next one issued has a higher number. */
  #saysStrange({ name, number, jws }: DocumentRow): void {
    if (this.#strange.has(jws)) return
    this.#strange.clear()
    this.#strange.add(jws)
    this.#needs.log?.error({ name, number }, 'the database holds a document that this collector’s key did not sign; it counts for nothing')
  }

  async #read(definition: DocumentDefinition, jws: string): Promise<ReadDocument<unknown> | undefined> {
    const payload = await (definition.signedBy === 'authority' ? this.#openByAuthority(jws) : this.#needs.authority.openDocument(jws))
    return payload && readPayload(definition, payload)
  }

  async #openByAuthority(jws: string): Promise<Uint8Array | undefined> {
    const named = this.content(authorities)
    return named && (await openByAuthority(jws, await pairInForce(named)))?.payload
  }

  #keep({ name, number, jws, issued_at, known_number }: DocumentRow, content: unknown): void {
    this.#kept.set(name, { number, jws, issuedAt: issued_at, content, known: known_number ?? 0 })
    for (const listener of this.#listeners) listener()
  }

  #isNewer({ name, number }: { name: string; number: number }): boolean {
    return number > this.#numberOf(name)
  }

  #isWanted(frame: { name: string; number: number }): boolean {
    return this.#isNewer(frame) || this.#isForgotten(frame)
  }

  /** Of a list that was set back and has been issued anew, without what stands in this one. */
  #isForgotten({ name, number }: { name: string; number: number }): boolean {
    const isBetween = number > this.#knownOf(name) && number < this.#firstNumber && !this.#isNewer({ name, number })
    return isBetween && definitions.get(name)?.joined !== undefined
  }

  #knownOf(name: string): number {
    return this.#kept.get(name)?.known ?? 0
  }

  #numberOf(name: string): number {
    return this.#kept.get(name)?.number ?? 0
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
