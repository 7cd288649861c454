import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes } from '#shared/domain/time.ts'
import type { Stop } from '../../host/probe.ts'
import { type AuditedParts, auditPlaces, follow } from '../canary/audited.ts'
import { documentsKey } from '../writers/audit-writes.ts'

/** To have audit write down each change in people's homes for good would fill its log with browsers; an attack lasts longer than its first files. */
const watchedForMs = minutes(1)

export interface AuditedDocumentsParts extends Omit<AuditedParts, 'folders'> {
  /** Homes and shares, as they are now. */
  folders(): readonly string[]
}

/** Has audit say who writes in homes and shares, from the moment on in which some files there can't be read any more, for a minute. */
export class AuditedDocuments {
  readonly #parts: AuditedDocumentsParts
  #end: Stop | undefined
  #isBusy = false
  #next: Cancel | undefined
  #isOver = false

  constructor(parts: AuditedDocumentsParts) {
    this.#parts = parts
  }

  suspect(): void {
    if (this.#isBusy || this.#isOver) return
    this.#isBusy = true
    this.#begin().catch((error: unknown) => this.#parts.broken(sentenceOf(error)))
  }

  stop(): void {
    this.#isOver = true
    this.#next?.()
    this.#end?.()
  }

  async #begin(): Promise<void> {
    const { probe, places = auditPlaces, time } = this.#parts
    const isThere = (await probe.look(places.auditLog).catch(() => undefined)) !== undefined
    if (isThere) this.#end = await follow({ ...this.#parts, folders: this.#parts.folders() }, documentsKey)
    if (this.#isOver) return this.#end?.()
    this.#next = time.after(watchedForMs, () => {
      this.#end?.()
      this.#end = undefined
      this.#isBusy = false
    })
  }
}
