import { request } from 'node:http'
import { connect } from 'node:net'

/** A request as no browser lets a page send it: `Host` and `Origin` at will. */
export function rawRequest(
  url: string,
  headers: Record<string, string>,
  { method = 'GET', path = '/api/session' } = {},
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, setHost: !('host' in headers) }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Bytes as they are; the first line of the answer. */
export function rawBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().split('\r\n', 1)[0] ?? '')
    })
    socket.once('error', reject)
  })
}
