import { mkdtemp } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, it } from 'vitest'
import { openIdentity } from '../../../server/identity/identity.ts'
import { openPeople } from '../people/open-people.ts'
import { addPerson, password } from './persons.ts'
import { startConsole } from './start-console.ts'

it('under TLS the cookie is for HTTPS only, and browsers are told to stay there', async () => {
  await using ground = await openPeople()
  const identity = await openIdentity({
    dataDir: await mkdtemp(join(tmpdir(), 'tierline-tls-')),
    store: ground.store,
    time: ground.time,
    verbs: ['*'],
  })
  await using console_ = await startConsole({ tls: await identity.serverCertificate(['127.0.0.1']) })
  await addPerson(console_, { login: 'ada' })
  const answer = await post(`${console_.url}/api/session`, { login: 'ada', password })
  expect(console_.url).toMatch(/^https:/)
  expect(answer.status).toBe(200)
  expect(String(answer.headers['set-cookie'])).toContain('; Secure; SameSite=Strict')
  expect(answer.headers['strict-transport-security']).toMatch(/max-age=\d{7,}/)
})

it('a new certificate is shown to whoever comes next', async () => {
  await using ground = await openPeople()
  const identity = await openIdentity({
    dataDir: await mkdtemp(join(tmpdir(), 'tierline-tls-')),
    store: ground.store,
    time: ground.time,
    verbs: ['*'],
  })
  await using console_ = await startConsole({ tls: await identity.serverCertificate(['127.0.0.1']) })
  const before = await fingerprintAt(console_.url)
  console_.http.replaceCertificate(await identity.serverCertificate(['127.0.0.1', '127.0.0.2']))
  expect(await fingerprintAt(console_.url)).not.toBe(before)
})

// The certificates are as old as the fake time says, so nobody checks them here; test/server/identity does.
const blindly = { rejectUnauthorized: false }

function post(url: string, body: object): Promise<{ status: number | undefined; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...blindly, method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume()
      resolve({ status: response.statusCode, headers: response.headers })
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}

function fingerprintAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ ...blindly, host: hostname, port: Number(port) }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}
