import 'reflect-metadata'
import { fork } from 'node:child_process'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import { days } from '#shared/domain/time.ts'
import type { Pass } from './load.ts'

const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Starts the yardstick as a process of its own; the agents' own certificates open it. */
export async function startBareServer(folder: string, passes: Pass[]): Promise<{ pid: number; passes: Pass[]; stop(): void }> {
  const { key, certificate } = await selfSigned()
  const files = { 'bare-key.pem': key, 'bare-certificate.pem': certificate, 'bare-ca.pem': passes[0]?.ca ?? '' }
  const paths = await Promise.all(
    Object.entries(files).map(async ([name, text]) => {
      await writeFile(join(folder, name), text, { mode: 0o600 })
      return join(folder, name)
    }),
  )
  const child = fork(join(import.meta.dirname, 'bare-server.ts'), paths)
  const [port] = (await once(child, 'message')) as [number]
  const url = `https://127.0.0.1:${port}`
  return { pid: child.pid ?? 0, passes: passes.map((pass) => ({ ...pass, url, ca: certificate })), stop: () => child.kill() }
}

/** A P-256 certificate for 127.0.0.1, as the collector's own is. */
async function selfSigned(): Promise<{ key: string; certificate: string }> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { subtle } = webcrypto
  const keys = {
    privateKey: await subtle.importKey('pkcs8', pair.privateKey.export({ type: 'pkcs8', format: 'der' }), curve, true, ['sign']),
    publicKey: await subtle.importKey('spki', pair.publicKey.export({ type: 'spki', format: 'der' }), curve, true, ['verify']),
  }
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=bare',
    notAfter: new Date(Date.now() + days(1)),
    signingAlgorithm: curve,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  })
  return { key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate: made.toString('pem') }
}
