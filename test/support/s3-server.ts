import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** As much of S3 as restic asks for, in memory. It believes whoever shows this access key, and refuses everybody else. */
export interface S3Server extends AsyncDisposable {
  /** As restic writes a repository there. */
  repository: string
}

export async function startS3(accessKey: string): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const server = createServer((request, response) => {
    answer(request, response, objects, accessKey).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    repository: `s3:http://127.0.0.1:${(server.address() as AddressInfo).port}/backups`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const bucket = '/backups/'

async function answer(request: IncomingMessage, response: ServerResponse, objects: Map<string, Buffer>, accessKey: string): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3')
  const body = await bodyOf(request)
  const end = (status: number, said: string | Buffer = '', headers = {}) => response.writeHead(status, headers).end(said)
  if (request.headers.authorization?.includes(`Credential=${accessKey}/`) !== true)
    return void end(403, `<Error><Code>InvalidAccessKeyId</Code><Message>${request.headers.authorization ?? ''}</Message></Error>`)
  const key = decodeURIComponent(pathname.slice(bucket.length))
  if (key === '')
    return void end(200, searchParams.has('location') ? '<LocationConstraint/>' : listed(objects, searchParams.get('prefix') ?? ''))
  if (request.method === 'PUT') return void end(200, '', { etag: `"${objects.set(key, body).size}"` })
  const found = objects.get(key)
  if (request.method === 'DELETE') return void end(objects.delete(key) ? 204 : 404)
  if (!found) return void end(404, '<Error><Code>NoSuchKey</Code></Error>')
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const part = from === undefined ? found : found.subarray(Number(from), to ? Number(to) + 1 : undefined)
  const about = { etag: '"1"', 'last-modified': new Date(0).toUTCString(), 'content-length': part.length }
  const range = { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${found.length}` }
  end(from === undefined ? 200 : 206, request.method === 'HEAD' ? '' : part, { ...about, ...(from !== undefined && range) })
}

function listed(objects: Map<string, Buffer>, prefix: string): string {
  const found = [...objects].filter(([key]) => key.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const contents = found.map(([key, { length }]) => {
    const about = `<LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>"1"</ETag><StorageClass>STANDARD</StorageClass>`
    return `<Contents><Key>${key}</Key><Size>${length}</Size>${about}</Contents>`
  })
  return `<ListBucketResult><Name>backups</Name><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`
}

/** Plain, or in the signed chunks in which a client sends it where there is no TLS. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const whole = Buffer.concat(await request.toArray())
  if (!request.headers['x-amz-content-sha256']?.toString().startsWith('STREAMING-')) return whole
  const parts: Buffer[] = []
  for (let at = 0; at < whole.length; ) {
    const headEnd = whole.indexOf('\r\n', at)
    const size = Number.parseInt(whole.toString('latin1', at, headEnd), 16)
    parts.push(whole.subarray(headEnd + 2, headEnd + 2 + size))
    if (size === 0) break
    at = headEnd + 2 + size + 2
  }
  return Buffer.concat(parts)
}
