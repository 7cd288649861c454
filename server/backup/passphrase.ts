import { readFileSync, statSync } from 'node:fs'
import { Fault } from '#shared/domain/fault.ts'

/** The file holds the key of the CA, and whoever has a copy may guess for as long as they like. */
const minLength = 12
const ofOthers = 0o077

export interface PassphraseSource {
  /** `--passphrase-file`. */
  file: string | undefined
  stdin: AsyncIterable<Buffer | string> & { isTTY?: boolean }
}

/** From a file that only its owner can read, or from stdin; never from an argument, which everybody on the machine can read. */
export async function readPassphrase({ file, stdin }: PassphraseSource): Promise<string> {
  const passphrase = (file === undefined ? await readAll(stdin) : readOwn(file)).replace(/\r?\n$/, '')
  if (passphrase.length >= minLength) return passphrase
  throw new Fault('passphrase-short', `The passphrase has ${passphrase.length} characters; it must have at least ${minLength}.`)
}

function readOwn(file: string): string {
  const isShared = process.platform !== 'win32' && (statSync(file).mode & ofOthers) !== 0
  if (isShared) throw new Fault('passphrase-shared', `Others can read ${file}: make it yours alone with chmod 600.`)
  return readFileSync(file, 'utf8')
}

async function readAll(stdin: PassphraseSource['stdin']): Promise<string> {
  if (stdin.isTTY)
    throw new Fault('passphrase-missing', 'Hand the passphrase in on stdin, or name a file of mode 0600 with --passphrase-file.')
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
