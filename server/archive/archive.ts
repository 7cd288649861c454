/*
 * Files that agents hand over in pieces. Enters: a piece of a file, by an endpoint that the certificate names, for a
 * command that asked this endpoint for one. Leaves: the file in the data folder, for its owner's eyes, once its hash is
 * the one that was announced. Promises: what arrived stays, so a line that breaks costs a piece at most; nobody writes
 * into another's; sizes and numbers are bounded. On failure: what is wrong, by a status and a sentence.
 * Meets: an agent that would fill the disk, or put a file where another machine's is looked for.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { days, hours, type Time } from '#shared/domain/time.ts'
import { type ArchivePiece, maxArchiveBytes } from '#shared/protocol/archive.ts'
import type { Store } from '../store/store.ts'
import type { ArchivesTable } from '../store/tables/archive.ts'
import { openShelf, type Shelf } from './shelf.ts'

export type Put = { kind: 'kept'; offset: number; isComplete: boolean } | { kind: 'refused'; status: number; code: string; message: string }

export interface Archives {
  /** How much has arrived; undefined: nobody asked this endpoint for it. */
  offset(endpointId: string, commandId: string): Promise<number | undefined>
  put(endpointId: string, commandId: string, piece: ArchivePiece, body: AsyncIterable<Uint8Array>): Promise<Put>
  /** Of a complete one. */
  file(id: string): string
}

/** Verbs whose result is a file too. */
const archiving: ReadonlySet<string> = new Set(['collect-diagnostics'])
const maxOfEndpoint = 20
/** Of one that never became whole, and of a whole one. */
const maxIncomplete = days(1)
const keptForMs = days(90)
/** Also where nobody collects anything any more. */
const sweepEveryMs = hours(6)
/** After its command's end; its agent may have been cut off meanwhile. */
const acceptedForMs = hours(24)

export interface ArchivesOptions {
  store: Store
  dataDir: string
  time: Time
  log: Logger
  /** What starts here leaves its stop there. */
  teardowns: Pick<AsyncDisposableStack, 'defer'>
  /** Of all of them together. */
  maxTotalBytes?: number
}

const defaultTotalBytes = 5_368_709_120

export function createArchives({ store, dataDir, time, log, teardowns, maxTotalBytes = defaultTotalBytes }: ArchivesOptions): Archives {
  const { db } = store
  const shelf = openShelf(join(dataDir, 'archives'))
  const busy = new Set<string>()

  /** Whenever another begins, so that what is over makes room for it, and now and then. */
  const sweep = async (): Promise<void> => {
    const now = time.now()
    const over = db
      .selectFrom('archives')
      .select('id')
      .where('begun_at', '<=', now - maxIncomplete)
    const ended = over.where(({ eb, or }) => or([eb('completed_at', 'is', null), eb('begun_at', '<=', now - keptForMs)]))
    for (const { id } of await ended.execute()) {
      await shelf.remove(id)
      await db.deleteFrom('archives').where('id', '=', id).execute()
    }
  }
  const failed = (error: unknown): void => log.error({ reason: sentenceOf(error) }, 'archives of long ago could not end; it is tried again')
  teardowns.defer(recur({ time, everyMs: sweepEveryMs, round: sweep, failed }))
  const begin = async (command: Asked, { total, sha256 }: ArchivePiece): Promise<ArchivesTable | Put> => {
    const known = await db.selectFrom('archives').selectAll().where('id', '=', command.id).executeTakeFirst()
    if (known)
      return known.bytes === total && known.sha256 === sha256 ? known : refused(409, 'another-file', 'it was announced as another file')
    await sweep()
    const why = await whyNoRoom(store, shelf, command.endpoint_id, total, maxTotalBytes)
    if (why !== undefined) return refused(507, 'no-room', why)
    const row = { id: command.id, organisation_id: command.organisation_id, endpoint_id: command.endpoint_id, bytes: total, sha256 }
    const archive = { ...row, begun_at: time.now(), completed_at: null }
    await db.insertInto('archives').values(archive).execute()
    return archive
  }
  const keep = async (archive: ArchivesTable, piece: ArchivePiece, body: AsyncIterable<Uint8Array>): Promise<Put> => {
    if (archive.completed_at !== null) return { kind: 'kept', offset: archive.bytes, isComplete: true }
    const { id, bytes, sha256 } = archive
    const offset = await shelf.size(id)
    if (offset !== piece.from) return refused(409, 'offset', `${offset} bytes have arrived; go on there`)
    const arrived = await shelf.append(id, body, piece.length)
    if (arrived < bytes) return { kind: 'kept', offset: arrived, isComplete: false }
    if (await shelf.complete(id, sha256)) {
      await db.updateTable('archives').set({ completed_at: time.now() }).where('id', '=', id).execute()
      return { kind: 'kept', offset: arrived, isComplete: true }
    }
    await db.deleteFrom('archives').where('id', '=', id).execute()
    return refused(422, 'hash', 'what arrived is not the file that was announced; it was thrown away')
  }

  return {
    async offset(endpointId, commandId) {
      const command = await askedFor(store, endpointId, commandId, time.now())
      if (!command) return undefined
      const known = await db.selectFrom('archives').selectAll().where('id', '=', command.id).executeTakeFirst()
      return known?.completed_at != null ? known.bytes : await shelf.size(command.id)
    },
    async put(endpointId, commandId, piece, body) {
      const command = await askedFor(store, endpointId, commandId, time.now())
      if (!command) return refused(404, 'not-asked', 'nobody asked this endpoint for it')
      if (piece.total > maxArchiveBytes) return refused(413, 'too-large', `an archive has at most ${maxArchiveBytes} bytes`)
      if (busy.has(command.id)) return refused(409, 'busy', 'a piece of it is arriving already')
      busy.add(command.id)
      try {
        const archive = await begin(command, piece)
        return 'kind' in archive ? archive : await keep(archive, piece, body)
      } finally {
        busy.delete(command.id)
      }
    },
    file: shelf.file,
  }
}

type Asked = { id: string; organisation_id: string; endpoint_id: string }

async function askedFor({ db }: Store, endpointId: string, commandId: string, now: number): Promise<Asked | undefined> {
  const columns = ['id', 'organisation_id', 'endpoint_id', 'verb', 'sent_at', 'settled_at'] as const
  const ofEndpoint = db.selectFrom('commands').select(columns).where('endpoint_id', '=', endpointId)
  const named = ofEndpoint.where(({ eb, or }) => or([eb('id', '=', commandId), eb('bulk_id', '=', commandId)]))
  const command = await named.executeTakeFirst()
  if (!command || !archiving.has(command.verb) || command.sent_at === null) return undefined
  return command.settled_at === null || command.settled_at > now - acceptedForMs ? command : undefined
}

async function whyNoRoom({ db }: Store, shelf: Shelf, endpointId: string, total: number, most: number): Promise<string | undefined> {
  const of = db
    .selectFrom('archives')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('endpoint_id', '=', endpointId)
  const { count } = await of.executeTakeFirstOrThrow()
  if (Number(count) >= maxOfEndpoint) return `this machine has ${maxOfEndpoint} archives here already`
  const all = db.selectFrom('archives').select(({ fn }) => fn.sum<number | null>('bytes').as('bytes'))
  const { bytes } = await all.executeTakeFirstOrThrow()
  if (Number(bytes ?? 0) + total > most) return `all archives together may have ${most} bytes`
  return (await shelf.hasRoom(total)) ? undefined : 'the collector’s disk is nearly full'
}

const refused = (status: number, code: string, message: string): Put => ({ kind: 'refused', status, code, message })
