import type { IncomingMessage } from 'node:http'
import { offsetField, readPiece } from '#shared/protocol/archive.ts'
import type { Archives } from '../archive/archive.ts'
import type { Identity } from '../identity/identity.ts'
import { type Answer, addressOf, notFound, peerOf, refusal } from './exchanges.ts'

const path = /^\/archives\/([A-Za-z0-9-]{8,64})$/

/** PUT and HEAD of an archive, by an endpoint of ours; undefined: this is about no archive. */
export function createArchiveExchange(identity: Pick<Identity, 'authenticate'>, archives: Archives | undefined) {
  return async (request: IncomingMessage): Promise<Answer | undefined> => {
    const [, commandId] = path.exec(request.url ?? '') ?? []
    if (commandId === undefined || !archives) return undefined
    const about = { address: addressOf(request), userAgent: request.headers['user-agent'] }
    const from = await identity.authenticate(peerOf(request), about)
    if (from.kind === 'refused') return refusal(from)
    if (request.method === 'HEAD') return offsetOf(await archives.offset(from.endpointId, commandId))
    return request.method === 'PUT' ? put(archives, from.endpointId, commandId, request) : notFound
  }
}

const offsetOf = (offset: number | undefined): Answer =>
  offset === undefined ? notFound : { status: 200, body: { offset }, fields: { [offsetField]: String(offset) } }

async function put(archives: Archives, endpointId: string, commandId: string, request: IncomingMessage): Promise<Answer> {
  const piece = readPiece(request.headers['content-range'], String(request.headers['repr-digest'] ?? ''))
  if (!piece) return { status: 400, body: { code: 'bad-request', message: 'say Content-Range and Repr-Digest of the whole' } }
  const done = await archives.put(endpointId, commandId, piece, request as AsyncIterable<Buffer>)
  if (done.kind === 'refused') return { status: done.status, body: { code: done.code, message: done.message } }
  const { offset, isComplete } = done
  return { status: 200, body: { offset, isComplete }, fields: { [offsetField]: String(offset) } }
}
